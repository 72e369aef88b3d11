"""F1, the harmonic mean of precision and recall: by class, and averaged in four ways.

A class that is neither true nor predicted has F1 0 (scikit-learn's `zero_division=0`) and stays in the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide
from podium.tables import Head, decide

__all__ = ["class_f1", "f1_macro", "f1_micro", "f1_samples_totals", "f1_weighted"]


def class_f1(counts: ClassCounts) -> NDArray[np.float64]:
    """F1 of every class, shape (..., C)."""
    return divide(2 * counts.hits, counts.actual + counts.predicted, otherwise=0.0)


def f1_macro(counts: ClassCounts) -> NDArray[np.float64]:
    """Mean F1 over all classes of the head, shape (...). A rare class weighs as much as a common one."""
    return np.where(counts.n > 0, class_f1(counts).mean(axis=-1), np.nan)


def f1_micro(counts: ClassCounts) -> NDArray[np.float64]:
    """F1 of all classes' counts together, shape (...). For a single-label head it equals the accuracy."""
    hits, both = counts.hits.sum(axis=-1), (counts.actual + counts.predicted).sum(axis=-1)
    return np.where(counts.n > 0, divide(2 * hits, both, otherwise=0.0), np.nan)


def f1_weighted(counts: ClassCounts) -> NDArray[np.float64]:
    """Mean F1 over classes, each weighing by its true samples, shape (...)."""
    weighted = (class_f1(counts) * counts.actual).sum(axis=-1)
    return np.where(counts.n > 0, divide(weighted, counts.actual.sum(axis=-1), otherwise=0.0), np.nan)


def f1_samples_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head
) -> NDArray[np.float64]:
    """Per sample of a multi-label head: F1 of its label set, and 1 if any label is known; shape (N, 2).

    A sample without a true and without a predicted label has F1 0.
    """
    is_known = labels >= 0
    is_true, is_decided = labels == 1, (decide(probs, head) == 1) & is_known
    both = is_true.sum(axis=1) + is_decided.sum(axis=1)
    values = divide(2 * (is_true & is_decided).sum(axis=1), both, otherwise=0.0)
    return np.stack([values, is_known.any(axis=1)], axis=1)
