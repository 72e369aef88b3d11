"""F-beta: F1 in which recall counts beta times as much as precision; averaged over classes, counts or images.

Source:
    van Rijsbergen 1979, "Information Retrieval", chapter 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide
from podium.tables import Head, decide

__all__ = ["fbeta_macro", "fbeta_micro", "fbeta_of", "fbeta_samples_totals"]


def fbeta_of(hits: NDArray[Any], predicted: NDArray[Any], actual: NDArray[Any], beta: float) -> NDArray[np.float64]:
    """(1 + b^2) hits / (b^2 actual + predicted), elementwise; 0 where nothing is true and nothing predicted."""
    return divide((1 + beta**2) * hits, beta**2 * actual + predicted, otherwise=0.0)


def fbeta_macro(counts: ClassCounts, *, beta: float) -> NDArray[np.float64]:
    """Mean over all classes of the head, shape (...)."""
    values = fbeta_of(counts.hits, counts.predicted, counts.actual, beta)
    return np.where(counts.n > 0, values.mean(axis=-1), np.nan)


def fbeta_micro(counts: ClassCounts, *, beta: float) -> NDArray[np.float64]:
    """Of all classes' counts together, shape (...); for a single-label head the accuracy."""
    hits, predicted, actual = (item.sum(axis=-1) for item in (counts.hits, counts.predicted, counts.actual))
    return np.where(counts.n > 0, fbeta_of(hits, predicted, actual, beta), np.nan)


def fbeta_samples_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, *, beta: float
) -> NDArray[np.float64]:
    """Per sample of a multi-label head: F-beta of its label set, and 1 if any label is known; shape (N, 2)."""
    is_known = labels >= 0
    is_true, is_decided = labels == 1, (decide(probs, head) == 1) & is_known
    hits = (is_true & is_decided).sum(axis=1)
    return np.stack([fbeta_of(hits, is_decided.sum(axis=1), is_true.sum(axis=1), beta), is_known.any(axis=1)], axis=1)
