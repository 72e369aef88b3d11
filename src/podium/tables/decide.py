"""From probabilities to decisions: the one place that takes an argmax or compares with a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.tables.task import Head, Task

__all__ = ["DECISION_THRESHOLD", "CompositeDecoding", "as_certain_probs", "decide", "decide_targets", "expected_class"]

DECISION_THRESHOLD = 0.5
"""Lowest probability of a 1 in a multi-label head, where no other is given."""

CompositeDecoding = Literal["independent", "class_first", "attributes_first"]
"""How a composite class and its attributes are decided together: each by its own probabilities; the attributes read off
the most probable class; or the class read off the most probable attributes."""


def decide(
    probs: NDArray[np.floating[Any]],
    head: Head,
    thresholds: float | Sequence[float] = DECISION_THRESHOLD,
    *,
    weights: Sequence[float] | None = None,
    cuts: Sequence[float] | None = None,
) -> NDArray[np.int64]:
    """Decisions of one target: the most probable class, shape (N,); for a multi-label head 0 or 1, shape (N, C).

    Args:
        probs: Probabilities, shape (N, C).
        head: The target.
        thresholds: Lowest probability of a 1 in a multi-label head, one for all classes or one a class; a probability
            equal to it is a 1.
        weights: What the probability of each class is multiplied by before the largest is taken, shape (C,).
        cuts: Between every two classes in order, the expected class from which the higher one is decided, shape
            (C - 1,), ascending; an expected class equal to it is the higher one.

    Example:
        >>> decide(np.array([[0.2, 0.5], [0.7, 0.1]]), Head("tags", "multi", ("red", "green")), (0.6, 0.4)).tolist()
        [[0, 1], [1, 0]]
    """
    if head.is_multi:
        return np.asarray(probs >= np.asarray(thresholds), dtype=np.int64)
    if cuts is not None:
        return np.searchsorted(np.asarray(cuts), expected_class(probs), side="right").astype(np.int64)
    weighted = probs if weights is None else probs * np.asarray(weights)
    return np.asarray(weighted.argmax(axis=1), dtype=np.int64)


def expected_class(probs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The mean class number of every row of probabilities over ordered classes, shape (N,), in [0, C - 1]."""
    return np.asarray(probs, dtype=np.float64) @ np.arange(probs.shape[1])


def decide_targets(
    probs: Mapping[str, NDArray[np.floating[Any]]],
    task: Task,
    *,
    thresholds: Mapping[str, Sequence[float]] | None = None,
    weights: Mapping[str, Sequence[float]] | None = None,
    cuts: Mapping[str, Sequence[float]] | None = None,
    composite: CompositeDecoding = "independent",
) -> dict[str, NDArray[np.int64]]:
    """Decisions of every target of a task, as `decide` gives them.

    Args:
        probs: Per target, shape (N, C).
        task: The heads and the composite class.
        thresholds: Per multi-label head, one a class; 0.5 where none are given.
        weights: Per single or ordinal target, what the probability of each class is multiplied by.
        cuts: Per ordinal target, cut points on the expected class.
        composite: How the composite class and its attributes are decided together. Only "independent" can give an
            image a class that contradicts its attributes.
    """
    limits, factors, points = thresholds or {}, weights or {}, cuts or {}
    decided = {}
    for head in task.targets:
        limit, factor, cut = limits.get(head.name, DECISION_THRESHOLD), factors.get(head.name), points.get(head.name)
        decided[head.name] = decide(probs[head.name], head, limit, weights=factor, cuts=cut)
    if task.composite is None or composite == "independent":
        return decided
    if composite == "class_first":
        return decided | task.composite.decode(decided[task.composite.name])
    return decided | {task.composite.name: task.composite.encode(decided)}


def as_certain_probs(decisions: NDArray[np.integer[Any]], head: Head) -> NDArray[np.float64]:
    """Decisions as probabilities of 0 and 1, shape (N, C), for metrics that take probabilities."""
    if head.is_multi:
        return decisions.astype(np.float64)
    return np.asarray(np.eye(head.n_classes)[decisions], dtype=np.float64)
