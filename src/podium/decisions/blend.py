"""One answer from the probabilities of several models: means of probabilities, of logits or of ranks, or votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.errors import UnknownNameError, UsageError
from podium.tables import Head, Task, as_certain_probs, decide

__all__ = ["Blend", "BlendKind", "rank_grid"]

FloatArray = NDArray[np.float64]
BlendKind = Literal["mean", "logits", "ranks", "vote"]
"""What is averaged: probabilities; their logarithms (a geometric mean); the share of the out-of-fold probabilities of
the class that are smaller; or each model's decision."""

_LEAST = 1e-7
"""Probabilities are no nearer to 0 or 1 in a mean of logits: one model that is sure must not overrule all others."""
_TIE = 1e-3
"""Weight of the mean of probabilities beside the votes, which settles ties."""
_N_GRID = 256


@dataclass(frozen=True, eq=False)
class Blend:
    """How the probabilities of several models become one.

    Args:
        kind: What is averaged.
        weights: Per target, a weight a model; they sum to 1.
        grids: With kind "ranks": per target and model, quantiles of its out-of-fold probabilities, shape (Q, C).

    Raises:
        UnknownNameError: If there is no such kind.
        UsageError: If weights are negative or do not sum to 1.
    """

    kind: BlendKind
    weights: Mapping[str, tuple[float, ...]]
    grids: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in get_args(BlendKind):
            raise UnknownNameError("kind of blend", self.kind, get_args(BlendKind), field="kind")
        for name, weights in self.weights.items():
            if min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:  # NaN fails too
                raise UsageError(f"the weights for {name!r} are {list(weights)}; none may be below 0, their sum is 1.")

    def combine(self, parts: Sequence[Mapping[str, NDArray[np.floating[Any]]]], task: Task) -> dict[str, FloatArray]:
        """Probabilities of every target, shape (N, C) each; rows sum to 1 except for multi-label heads.

        Args:
            parts: Per model, probabilities of every target; rows of all are in the same order.
            task: The targets.
        """
        found = {}
        for head in task.targets:
            probs = [np.asarray(part[head.name], dtype=np.float64) for part in parts]
            found[head.name] = self._combine_target(probs, head)
        return found

    def _combine_target(self, probs: Sequence[FloatArray], head: Head) -> FloatArray:
        weights = self.weights[head.name]
        if self.kind == "mean":
            return _normalised(_weighted(probs, weights), head)
        if self.kind == "logits":
            return _mean_of_logits(probs, weights, head)
        if self.kind == "ranks":
            ranks = [_ranks(values, grid) for values, grid in zip(probs, self.grids[head.name], strict=True)]
            return _normalised(_weighted(ranks, weights), head)
        votes = [as_certain_probs(decide(values, head), head) for values in probs]
        return _normalised((1 - _TIE) * _weighted(votes, weights) + _TIE * _weighted(probs, weights), head)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        record: dict[str, Any] = {"kind": self.kind, "weights": {name: list(own) for name, own in self.weights.items()}}
        if self.grids:
            record["grids"] = {name: [grid.tolist() for grid in grids] for name, grids in self.grids.items()}
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Blend:
        """The blend that `to_dict` wrote."""
        grids = {name: [np.asarray(grid) for grid in own] for name, own in record.get("grids", {}).items()}
        return cls(record["kind"], {name: tuple(own) for name, own in record["weights"].items()}, grids)


def rank_grid(probs: NDArray[np.floating[Any]]) -> FloatArray:
    """Quantiles of each class's probabilities, shape (Q, C), against which `Blend` ranks new ones."""
    return np.quantile(np.asarray(probs, dtype=np.float64), np.linspace(0, 1, _N_GRID), axis=0)


def _weighted(values: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
    total = np.zeros_like(values[0])
    for value, weight in zip(values, weights, strict=True):
        if weight:
            total += weight * value
    return total


def _mean_of_logits(probs: Sequence[FloatArray], weights: Sequence[float], head: Head) -> FloatArray:
    clipped = [np.clip(values, _LEAST, 1 - _LEAST) for values in probs]
    if head.is_multi:
        logits = _weighted([np.log(values) - np.log1p(-values) for values in clipped], weights)
        return np.asarray(1 / (1 + np.exp(-logits)))
    logits = _weighted([np.log(values) for values in clipped], weights)
    return _normalised(np.exp(logits - logits.max(axis=1, keepdims=True)), head)


def _ranks(probs: FloatArray, grid: FloatArray) -> FloatArray:
    """The share of the grid that is smaller, ties by half, in (0, 1)."""
    ranks = np.empty_like(probs)
    for c in range(probs.shape[1]):
        below, upto = (np.searchsorted(grid[:, c], probs[:, c], side=side) for side in ("left", "right"))
        ranks[:, c] = ((below + upto) / 2 + 0.5) / (len(grid) + 1)
    return ranks


def _normalised(values: FloatArray, head: Head) -> FloatArray:
    if head.is_multi:
        return np.clip(values, 0, 1)
    return np.asarray(values / values.sum(axis=1, keepdims=True))
