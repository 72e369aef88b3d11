"""Share of right decisions: of samples, of single labels, of whole label sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide
from podium.tables import Head, decide

__all__ = ["accuracy", "label_accuracy", "subset_accuracy_totals"]


def accuracy(counts: ClassCounts) -> NDArray[np.float64]:
    """Share of samples whose class was decided rightly, shape (...)."""
    return divide(counts.hits.sum(axis=-1), counts.n, otherwise=np.nan)


def label_accuracy(counts: ClassCounts) -> NDArray[np.float64]:
    """Share of all samples x classes labels of a multi-label head decided rightly, shape (...).

    A head with rare classes scores high by saying 0 everywhere; read it beside `f1_macro`.
    """
    wrong = (counts.actual + counts.predicted - 2 * counts.hits).sum(axis=-1)
    return divide(counts.n - wrong, counts.n, otherwise=np.nan)


def subset_accuracy_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head
) -> NDArray[np.float64]:
    """Per sample of a multi-label head: 1 if every known label is right, and 1 if any is known; shape (N, 2)."""
    is_known = labels >= 0
    is_right = ((decide(probs, head) == labels) | ~is_known).all(axis=1)
    has_label = is_known.any(axis=1)
    return np.stack([is_right & has_label, has_label], axis=1).astype(np.float64)
