"""Precision (how many of the predicted are true) and recall (how many of the true are predicted)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide

__all__ = ["class_precision", "class_recall", "precision_macro", "recall_macro"]


def class_precision(counts: ClassCounts) -> NDArray[np.float64]:
    """Precision of every class, 0 where it is never predicted, shape (..., C)."""
    return divide(counts.hits, counts.predicted, otherwise=0.0)


def class_recall(counts: ClassCounts) -> NDArray[np.float64]:
    """Recall of every class, 0 where it never occurs, shape (..., C)."""
    return divide(counts.hits, counts.actual, otherwise=0.0)


def precision_macro(counts: ClassCounts) -> NDArray[np.float64]:
    """Mean precision over all classes of the head, shape (...)."""
    return np.where(counts.n > 0, class_precision(counts).mean(axis=-1), np.nan)


def recall_macro(counts: ClassCounts) -> NDArray[np.float64]:
    """Mean recall over all classes of the head, shape (...)."""
    return np.where(counts.n > 0, class_recall(counts).mean(axis=-1), np.nan)
