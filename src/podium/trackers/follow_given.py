"""Trackers of a training without a run folder: its process sends them each epoch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from podium import durable
from podium.trackers.process import TrackerProcess, wait_for
from podium.trackers.watch import LIMIT_S

__all__ = ["GivenTrackers"]


class _Record(Protocol):
    """An epoch as the training loop gives it."""

    def to_dict(self) -> dict[str, Any]:
        """Its numbers by name."""


class GivenTrackers:
    """Trackers of one call of `fit`.

    Args:
        names: Their names.
        folder: Where each keeps its files; made when there are any names.
        config: The recipe.
        report: Gets a line when one is lost.
    """

    def __init__(
        self, names: Sequence[str], folder: Path, config: Mapping[str, Any], report: Callable[[str], None]
    ) -> None:
        self._report, self._processes = report, list[TrackerProcess]()
        if names:
            durable.make_folder(folder)
        for name in names:
            place, home = folder.resolve() / name, folder.resolve().parent / name
            about = {"name": folder.name, "group": folder.resolve().parent.name, "config": config}
            request = {"tracker": name, "about": about, "folder": str(place), "home": str(home), "limit_s": LIMIT_S}
            self._processes.append(TrackerProcess(name, request))

    def follower(self, place: str) -> _Follower:
        """What the training loop tells of its epochs; `place` names the training."""
        return _Follower(self, place)

    def tell(self, record: Mapping[str, Any]) -> None:
        """Send a line to each."""
        for process in self._processes:
            process.send(json.dumps(record).encode() + b"\n")
            process.look()
        self._drop_lost()

    def close(self, scores: Mapping[str, float], patience_s: float) -> None:
        """Send the scores, and let each end."""
        self.tell({"scores": dict(scores)})
        for process in self._processes:
            process.end()
        late = wait_for(self._processes, patience_s)
        self._drop_lost()
        for process in late:
            process.leave()

    def _drop_lost(self) -> None:
        for process in [process for process in self._processes if process.complaint is not None]:
            self._processes.remove(process)
            process.leave()
            self._report(f"Tracker {process.name} is left out, the training is as without it: {process.complaint}.")


@dataclass(frozen=True)
class _Follower:
    """Follows one training."""

    trackers: GivenTrackers
    place: str

    def on_step(self, state: object, loss: float) -> None:
        """Nothing."""

    def on_epoch(self, record: _Record) -> None:
        """Tell of the epoch."""
        told = record.to_dict()
        values = {"train/loss": told["train_loss"], "valid/loss": told.get("valid_loss"), "lr": told["lr"]}
        values |= {f"valid/{name}": score for name, score in told["scores"].items()}
        known = {name: value for name, value in values.items() if value is not None}
        self.trackers.tell({"place": self.place, "epoch": told["epoch"], "values": known})
