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
    """For every class against the rest: weight of positives and of negatives down to each distinct probability.

    Args:
        probs: Shape (N, C).
        labels: Shape (N,), for a multi-label head (N, C); -1 is missing.
        head: Fixes the classes.
        weights: How often each row counts, shape (B, N).

    Yields:
        Two arrays (B, K) a class, K distinct probabilities from the highest to the lowest. K is 0 where no label
        is known.
    """
    for column in range(head.n_classes):
        own = labels[:, column] if head.is_multi else labels
        known = np.flatnonzero(own >= 0)
        scores = probs[known, column]
        order = np.argsort(-scores, kind="stable")
        rows, scores = known[order], scores[order]
        is_positive = own[rows] == (1 if head.is_multi else column)
        last_of_equal = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) if len(rows) else rows
        ranked = weights[:, rows]
        above = np.cumsum(ranked, axis=1)[:, last_of_equal]
        positives = np.cumsum(ranked * is_positive, axis=1)[:, last_of_equal]
        yield positives, above - positives
