"""Running counts down a ranking, for many weightings of the rows at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["ranked_counts"]


def ranked_counts(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, weights: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For every class against the rest: weight of positives and of negatives, running down its ranking.

    Args:
        probs: Shape (N, C).
        labels: Shape (N,), for a multi-label head (N, C); -1 is missing.
        head: Fixes the classes.
        weights: How often each row counts, shape (B, N).

    Yields:
        Two arrays (B, K) a class, from the highest probability to the lowest. Runs of distinct probabilities without
        a positive are one step, as nothing changes within them but the negatives. K is 0 where no label is known.
    """
    for column in range(head.n_classes):
        own = labels[:, column] if head.is_multi else labels
        known = np.flatnonzero(own >= 0)
        order = np.argsort(-probs[known, column], kind="stable")
        rows = known[order]
        is_positive = own[rows] == (1 if head.is_multi else column)
        if len(rows) == 0:
            yield np.zeros((len(weights), 0)), np.zeros((len(weights), 0))
            continue
        starts = _step_starts(probs[rows, column], is_positive)
        ranked = np.take(weights, rows, axis=1)
        above = np.cumsum(np.add.reduceat(ranked, starts, axis=1), axis=1)
        ranked *= is_positive
        positives = np.cumsum(np.add.reduceat(ranked, starts, axis=1), axis=1)
        yield positives, above - positives


def _step_starts(scores: NDArray[np.floating[Any]], is_positive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """First place of every step of a ranking: a tie that holds a positive, or a run of ties that do not."""
    tie_starts = np.flatnonzero(np.append(True, scores[1:] != scores[:-1]))
    has_positive = np.add.reduceat(is_positive.astype(np.int64), tie_starts) > 0
    is_step = has_positive.copy()
    is_step[1:] |= has_positive[:-1]
    is_step[0] = True
    return tie_starts[is_step]
