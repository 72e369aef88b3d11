"""From logits to the probabilities of every head of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, Task

__all__ = ["Probs", "probs_from_logits"]

Probs = dict[str, NDArray[np.float64]]


def probs_from_logits(logits: Mapping[str, NDArray[np.floating[Any]]], task: Task) -> Probs:
    """Probabilities per head, float64 (N, C): softmax, or the sigmoid of every label of a multi-label head.

    Args:
        logits: Per head name, shape (N, C).
        task: The heads that were trained.
    """
    return {head.name: _activate(np.asarray(logits[head.name], dtype=np.float64), head) for head in task.heads}


def _activate(logits: NDArray[np.float64], head: Head) -> NDArray[np.float64]:
    if head.is_multi:
        # Both branches stay below overflow: exp only sees negative numbers.
        small = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1.0, small) / (1.0 + small)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return probs
