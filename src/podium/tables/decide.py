"""From probabilities to decisions: the one place that takes an argmax or compares with a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.tables.task import Head, Task

__all__ = ["DECISION_THRESHOLD", "CompositeDecoding", "as_certain_probs", "decide", "decide_targets"]

DECISION_THRESHOLD = 0.5
"""Lowest probability of a 1 in a multi-label head, where no other is given."""

CompositeDecoding = Literal["independent", "class_first", "attributes_first"]
"""How a composite class and its attributes are decided together: each by its own probabilities; the attributes read off
the most probable class; or the class read off the most probable attributes."""


def decide(
    probs: NDArray[np.floating[Any]], head: Head, thresholds: float | Sequence[float] = DECISION_THRESHOLD
) -> NDArray[np.int64]:
    """Decisions of one target: the most probable class, shape (N,); for a multi-label head 0 or 1, shape (N, C).

    Args:
        probs: Probabilities, shape (N, C).
        head: The target.
        thresholds: Lowest probability of a 1 in a multi-label head, one for all classes or one a class; a probability
            equal to it is a 1.

    Example:
        >>> decide(np.array([[0.2, 0.5], [0.7, 0.1]]), Head("tags", "multi", ("red", "green")), (0.6, 0.4)).tolist()
        [[0, 1], [1, 0]]
    """
    if head.is_multi:
        return np.asarray(probs >= np.asarray(thresholds), dtype=np.int64)
    return np.asarray(probs.argmax(axis=1), dtype=np.int64)


def decide_targets(
    probs: Mapping[str, NDArray[np.floating[Any]]],
    task: Task,
    *,
    thresholds: Mapping[str, Sequence[float]] | None = None,
    composite: CompositeDecoding = "independent",
) -> dict[str, NDArray[np.int64]]:
    """Decisions of every target of a task, as `decide` gives them.

    Args:
        probs: Per target, shape (N, C).
        task: The heads and the composite class.
        thresholds: Per multi-label head, one a class; 0.5 where none are given.
        composite: How the composite class and its attributes are decided together. Only "independent" can give an
            image a class that contradicts its attributes.
    """
    given = thresholds or {}
    decided = {
        head.name: decide(probs[head.name], head, given.get(head.name, DECISION_THRESHOLD)) for head in task.targets
    }
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
