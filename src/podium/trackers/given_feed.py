"""What a tracker is told of a training without a run folder: what its process is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from podium.trackers.flatten import flatten
from podium.trackers.tracker import Plain, TrackedResults

__all__ = ["GivenFeed"]


class GivenFeed:
    """Lines of JSON as a source of epochs and results.

    Args:
        about: Name, group and configuration.
    """

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.name, self.group = str(about["name"]), about.get("group")
        self._config = flatten(about["config"])
        self._epochs: list[tuple[str, int, dict[str, float]]] = []
        self._scores: dict[str, float] = {}
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take up what came; a line may come in pieces."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in filter(None, lines):
            record = json.loads(line)
            if "scores" in record:
                self._scores = record["scores"]
            else:
                self._epochs.append((record["place"], record["epoch"], record["values"]))

    def config(self) -> dict[str, Plain]:
        """The configuration."""
        return self._config

    def epochs(self) -> list[tuple[str, int, dict[str, float]]]:
        """Place, number and values of every epoch so far."""
        return list(self._epochs)

    @property
    def is_done(self) -> bool:
        """Whether the scores came."""
        return bool(self._scores)

    def digest(self) -> str:
        """Changes when there are other results to tell; empty without any."""
        return json.dumps(self._scores, sort_keys=True) if self._scores else ""

    def results(self, number: int, n_epochs: int) -> TrackedResults:
        """The scores."""
        return TrackedResults(number, n_epochs, self._scores)
