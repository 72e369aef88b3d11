"""Answers that a small change of the probabilities could turn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions import DecisionRules
from podium.tables import DECISION_THRESHOLD, Head, expected_class

__all__ = ["is_close"]


def is_close(probs: NDArray[np.floating[Any]], head: Head, rules: DecisionRules, tolerance: float) -> NDArray[np.bool_]:
    """Which rows could be decided otherwise if probabilities changed by at most `tolerance`, shape (N,).

    Example:
        >>> head = Head("mask", "single", ("worn", "none"))
        >>> is_close(np.array([[0.501, 0.499], [0.9, 0.1]]), head, DecisionRules(), 0.01).tolist()
        [True, False]
    """
    if head.is_multi:
        limits = np.asarray(rules.thresholds.get(head.name, (DECISION_THRESHOLD,) * head.n_classes))
        return np.asarray((np.abs(probs - limits) <= tolerance).any(axis=1))
    if head.name in rules.cuts:
        reach = tolerance * sum(range(head.n_classes))
        gaps = np.abs(expected_class(probs)[:, None] - np.asarray(rules.cuts[head.name]))
        close = (gaps <= reach).any(axis=1)
    else:
        factors = np.asarray(rules.weights.get(head.name, (1.0,) * head.n_classes))
        top = np.sort(probs * factors, axis=1)
        close = top[:, -1] - top[:, -2] <= 2 * tolerance * factors.max()
    if head.name in rules.parents:
        sums = np.sort(rules.parents[head.name].sum_probs(np.asarray(probs, dtype=np.float64)), axis=1)
        close |= sums[:, -1] - sums[:, -2] <= 2 * tolerance * head.n_classes
    if head.name in rules.unknown:
        close |= (np.abs(probs - rules.unknown[head.name]) <= tolerance).any(axis=1)
    return np.asarray(close)
