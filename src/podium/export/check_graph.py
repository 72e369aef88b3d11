"""A graph beside the run it was made of, on the run's own images and on odd ones, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from podium.decisions import DecisionRules
from podium.deployed.engines import Engine, Session, open_session
from podium.errors import PodiumError
from podium.export.answering import AnsweringNetwork, output_names
from podium.export.closeness import is_close
from podium.export.ensemble_network import EnsembleNetwork
from podium.images import Form, pack_forms, store_as
from podium.tables import Predictions

__all__ = ["SENSITIVE", "Checked", "Limits", "Network", "check_graph"]

_BATCH = 16
SENSITIVE = 5e-3
"""A change of a probability by one grey level from which on it is told."""
Outputs = dict[str, NDArray[Any]]
Network: TypeAlias = AnsweringNetwork | EnsembleNetwork


@dataclass(frozen=True)
class Limits:
    """How far a graph may be from the run.

    Args:
        levels: Grey levels of a resized pixel.
        same_pixels: Probability, from the same stored pixels, beside the run's network in fp32.
        from_file: Probability, where the graph resizes the decoded image itself, beside the network on those pixels.
        predicted: Probability beside what `podium predict` says, which may compute in another precision.
    """

    levels: float = 1.0
    same_pixels: float = 1e-4
    from_file: float = 5e-3
    predicted: float = 5e-3


@dataclass(frozen=True)
class Checked:
    """What a check found: the largest difference of each kind, over all images and engines.

    Args:
        n_own: Images of the run.
        n_odd: Odd images.
        engines: Who computed.
        levels: See `Limits`; None where the graph resizes nothing.
        same_pixels: See `Limits`.
        from_file: See `Limits`; None where the graph resizes nothing.
        one_level: Probability of the network on the graph's pixels beside that on the run's: what a grey level does to
            this network, told and not refused. None where the graph resizes nothing.
        predicted: See `Limits`.
        n_other: Answers that differ from those of `podium predict`, where two classes lie that close.
        worst: The image of the largest difference of each kind.
    """

    n_own: int
    n_odd: int
    engines: tuple[str, ...]
    levels: float | None
    same_pixels: float
    from_file: float | None
    one_level: float | None
    predicted: float
    n_other: int
    worst: Mapping[str, str] = field(default_factory=dict)

    @property
    def caution(self) -> str | None:
        """What to tell of a network that a single grey level moves; None where there is nothing to tell."""
        if self.one_level is None or self.one_level <= SENSITIVE:
            return None
        return (
            f"This network is sensitive: pixels that differ by {self.levels:.0f} of 255 change a probability by up to"
            f" {self.one_level:.2g} (image {self.worst['one_level']!r}). Resize as the run does where that matters."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self) | {"engines": list(self.engines), "worst": dict(self.worst), "caution": self.caution}


def check_graph(
    graph: bytes,
    front: bytes | None,
    network: Network,
    forms: Sequence[Form],
    rules: DecisionRules,
    images: Mapping[str, NDArray[np.uint8]],
    predicted: Predictions,
    engines: Sequence[Engine],
    *,
    n_own: int,
    limits: Limits,
    precision: str = "fp32",
) -> Checked:
    """Compare a graph with its run.

    Args:
        graph: The whole graph.
        front: Its part from images to stored pixels; None where images come prepared.
        network: What it was made of.
        forms: In which forms the network takes an image.
        rules: How the run decides.
        images: Decoded upright images by name, the run's own first.
        predicted: What `podium predict` says of them, in this order, before bags are pooled.
        engines: Who computes.
        n_own: Number of the run's own images.
        limits: How far it may be away.
        precision: What the graph is for.

    Raises:
        PodiumError: If it is further away; names the worst image.
    """
    names, decoded = list(images), list(images.values())
    stored = [np.stack([store_as(item, form.size, form.fit, form.preprocessing) for item in decoded]) for form in forms]
    packed = np.stack([pack_forms(parts) for parts in zip(*stored, strict=True)])
    wanted, worst = _ask_network(network, stored), _Worst(names, limits)
    usual, n_other = rules.join(predicted).probs, 0
    decided = rules.decide(predicted)
    for engine in engines:
        ask = open_session(graph, engine, precision=precision)
        found = _in_batches(ask, packed)
        targets = [head.name for head in network.task.targets]
        worst.add("same_pixels", engine, [(found[f"{name}.probs"], wanted[f"{name}.probs"]) for name in targets])
        worst.add("predicted", engine, [(found[f"{name}.probs"], usual[name]) for name in targets])
        if front is not None:
            resize = open_session(front, engine)
            made = [list(resize(item[None]).values()) for item in decoded]
            pixels = [np.concatenate(parts) for parts in zip(*made, strict=True)]
            flat = [[part.reshape(len(part), -1) for part in parts] for parts in (pixels, stored)]
            worst.add("levels", engine, list(zip(*flat, strict=True)))
            resized = _ask_network(network, pixels)
            raw = _joined([ask(item[None]) for item in decoded])
            worst.add("from_file", engine, [(raw[f"{name}.probs"], resized[f"{name}.probs"]) for name in targets])
            worst.add("one_level", engine, [(resized[f"{name}.probs"], wanted[f"{name}.probs"]) for name in targets])
        n_other += _count_others(found, decided, usual, network, rules, 2 * worst.limit("predicted"), names, engine)
    largest = worst.largest
    return Checked(
        n_own,
        len(names) - n_own,
        tuple(engines),
        largest.get("levels"),
        largest["same_pixels"],
        largest.get("from_file"),
        largest.get("one_level"),
        largest["predicted"],
        n_other,
        worst.named,
    )


class _Worst:
    """The largest difference of each kind so far; one that is too large is refused at once."""

    def __init__(self, names: Sequence[str], limits: Limits) -> None:
        self._names, self._limits = names, limits
        self.largest: dict[str, float] = {}
        self.named: dict[str, str] = {}

    def limit(self, kind: str) -> float:
        """How large it may be."""
        return float(getattr(self._limits, kind, np.inf))

    def add(self, kind: str, engine: str, pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
        """Count the differences of some arrays (N, ...) of this kind."""
        each = np.max([np.abs(mine.astype(np.float64) - theirs).max(axis=1) for mine, theirs in pairs], axis=0)
        row = int(np.argmax(np.where(np.isnan(each), np.inf, each)))
        if not each[row] <= self.limit(kind):  # NaN fails too
            raise PodiumError(
                f"the exported model disagrees with the run in {engine}: {_WORDS[kind]} differs by {each[row]:.2g}"
                f" (at most {self.limit(kind):g} is allowed) for image {self._names[row]!r}. Nothing was written.",
                fix=_FIX,
            )
        if each[row] >= self.largest.get(kind, -1.0):
            self.largest[kind], self.named[kind] = float(each[row]), self._names[row]


_WORDS = {
    "levels": "a resized pixel",
    "same_pixels": "a probability from the same pixels",
    "from_file": "a probability from the whole image",
    "predicted": "a probability beside that of `podium predict`",
}
_FIX = "Export for another engine, or report it with the name of the backbone."


def _ask_network(network: Network, stored: Sequence[NDArray[Any]]) -> Outputs:
    """What the network says of stored images, (N, height, width, 3) of every form."""
    names, parts = output_names(network.task), []
    with torch.inference_mode():
        for start in range(0, len(stored[0]), _BATCH):
            pixels = [torch.from_numpy(form[start : start + _BATCH]).float() for form in stored]
            parts.append([output.numpy() for output in network(*pixels)])
    return {name: np.concatenate([part[place] for part in parts]) for place, name in enumerate(names)}


def _in_batches(ask: Session, packed: NDArray[np.uint8]) -> Outputs:
    """Asked in batches of several sizes, one of them a single image."""
    limits = [0, 1, *range(1 + _BATCH, len(packed), _BATCH), len(packed)]
    return _joined([ask(packed[start:end]) for start, end in pairwise(limits) if start < end])


def _joined(parts: Sequence[Outputs]) -> Outputs:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _count_others(
    found: Outputs,
    decided: Mapping[str, NDArray[np.int64]],
    probs: Mapping[str, NDArray[Any]],
    network: Network,
    rules: DecisionRules,
    tolerance: float,
    names: Sequence[str],
    engine: str,
) -> int:
    """Images with another answer than the run gives, each of them a close call."""
    heads = network.task.targets
    other = np.zeros(len(names), dtype=bool)
    close = np.any([is_close(probs[head.name], head, rules, tolerance) for head in heads], axis=0)
    for head in heads:
        own = decided[head.name]
        if head.name in rules.unknown:
            is_sure = probs[head.name][np.arange(len(own)), own] >= rules.unknown[head.name]
            own = np.where(is_sure, own, -1)
        other |= (found[f"{head.name}.answer"] != own).reshape(len(names), -1).any(axis=1)
    if (other & ~close).any():
        name = names[int(np.flatnonzero(other & ~close)[0])]
        what = f"the exported model answers otherwise than the run in {engine}, and not by a hair, for image {name!r}."
        raise PodiumError(f"{what} Nothing was written.", fix=_FIX)
    return int(other.sum())
