"""What to multiply the probabilities of classes by, so that the most probable class is best for a metric."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Metric
from podium.metrics.counts import ClassCounts
from podium.tables import Head

__all__ = ["tune_weights"]

FloatArray = NDArray[np.float64]

N_CANDIDATES = 100
"""Weights tried for a class in one step: as many quantiles of what would give it one image more."""
_SWEEPS, _LEAST = 6, 1e-12
_RANGE = 100.0
_LEAST_GAIN = 1e-4
"""A walk over all classes that gains less is the last one."""


def tune_weights(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], metric: Metric, head: Head
) -> tuple[float, ...]:
    """The weight of every class that is best on these rows; their geometric mean is 1.

    Each class's weight in turn is the best of its candidates, the others held, until none moves. Weights are kept
    within a factor of 100 of each other's mean, so that no class is left out for good.

    Args:
        probs: Shape (N, C).
        labels: Class numbers, -1 where missing, shape (N,).
        metric: A metric of class counts, such as macro F1 or balanced accuracy.
        head: The single or ordinal head.
    """
    known = labels >= 0
    rows, truth = np.maximum(np.asarray(probs, dtype=np.float64)[known], _LEAST), np.asarray(labels)[known]
    weights = np.ones(head.n_classes)
    best = -np.inf
    for _ in range(_SWEEPS):
        before = best
        for c in range(head.n_classes):
            weights, best = _improve(rows, truth, weights, c, metric, best)
        if best <= before + _LEAST_GAIN:
            break
    weights = weights / np.exp(np.log(weights).mean())
    return tuple(weights.tolist())


def _improve(
    probs: FloatArray, labels: NDArray[Any], weights: FloatArray, c: int, metric: Metric, best: float
) -> tuple[FloatArray, float]:
    """The weights with the best one of class c, and their score."""
    weighted = probs * weights
    weighted[:, c] = -1.0
    other = weighted.argmax(axis=1)
    needed = weighted[np.arange(len(other)), other] / probs[:, c]  # a weight above it gives the image to c
    candidates = _candidates(needed, weights[c])
    values = _try(candidates, needed, other, labels, c, probs.shape[1], metric)
    place = int(values.argmax())
    if values[place] <= best + 1e-12:
        return weights, best
    changed = weights.copy()
    changed[c] = candidates[place]
    return changed, float(values[place])


def _candidates(needed: FloatArray, now: float) -> FloatArray:
    """The present weight, and weights between the quantiles of what images need."""
    low, high = now / _RANGE, now * _RANGE
    found = np.unique(np.quantile(needed, np.linspace(0, 1, N_CANDIDATES + 1)))
    middle = np.sqrt(found[1:] * found[:-1])
    return np.concatenate([[now], middle[(middle > low) & (middle < high)]])


def _try(
    candidates: FloatArray,
    needed: FloatArray,
    other: NDArray[Any],
    labels: NDArray[Any],
    c: int,
    n_classes: int,
    metric: Metric,
) -> FloatArray:
    """The metric for every candidate weight of class c: an image is its own if the weight exceeds what it needs."""
    order = np.argsort(candidates)
    # Bin b: images that c takes from the b-th smallest candidate on.
    bins = np.searchsorted(candidates[order], needed, side="left")
    n = len(candidates)

    def summed(keys: NDArray[Any], chosen: NDArray[Any]) -> FloatArray:
        table = np.bincount(bins[chosen] * n_classes + keys[chosen], minlength=(n + 1) * n_classes)
        return np.cumsum(table.reshape(n + 1, n_classes), axis=0)[:-1].astype(np.float64)

    every = np.ones(len(labels), dtype=bool)
    is_right = other == labels
    lost = summed(other, every)
    predicted = np.bincount(other, minlength=n_classes) - lost
    predicted[:, c] += lost.sum(axis=1)
    hits = np.bincount(labels[is_right], minlength=n_classes) - summed(other, is_right)
    hits[:, c] += summed(labels, labels == c)[:, c]
    actual = np.broadcast_to(np.bincount(labels, minlength=n_classes).astype(np.float64), hits.shape)
    assert metric.from_counts is not None, "a metric of counts"
    values = metric.from_counts(ClassCounts(hits, actual, predicted, np.full(n, float(len(labels)))))
    back = np.empty(n)
    back[order] = np.where(np.isnan(values), -np.inf, values)
    return back
