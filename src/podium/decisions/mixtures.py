"""Scores of many mixtures of the same models at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import ClassCounts, Metric, score
from podium.tables import DECISION_THRESHOLD, Head

__all__ = ["draw_subsets", "score_mixtures"]

FloatArray = NDArray[np.float64]
_BLOCK = 1 << 20
"""Numbers that are made at once; more do not fit the processor's cache."""


def score_mixtures(
    probs: Sequence[NDArray[np.floating[Any]]],
    weights: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    metric: Metric,
    head: Head,
    *,
    dtype: type[np.floating[Any]] = np.float32,
) -> FloatArray:
    """The score of each mixture of probabilities, shape (S,).

    Metrics of class counts take a matrix product and an argmax for all mixtures together; others are computed one
    mixture after the other.

    Args:
        probs: Per model, probabilities, shape (N, C).
        weights: A row a mixture, shape (S, M); they sum to 1.
        labels: Shape (N,), or (N, C) for several labels; -1 is missing.
        metric: The metric.
        head: The target.
        dtype: Of the mixtures; float32 is twice as quick, and differs where two classes are equal to seven digits.
    """
    if metric.from_counts is None:
        return np.array([score(metric, _mix(probs, own), labels, head) for own in weights])
    known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    stacked = np.stack([np.asarray(part, dtype=dtype)[known].T for part in probs])  # (M, C, N)
    mixed = np.ascontiguousarray(weights, dtype=dtype)
    count = _count_labels if head.is_multi else _count_classes
    return np.asarray(metric.from_counts(count(stacked, mixed, labels[known])), dtype=np.float64)


def _mix(probs: Sequence[NDArray[np.floating[Any]]], weights: NDArray[np.floating[Any]]) -> FloatArray:
    total = np.zeros(probs[0].shape)
    for part, weight in zip(probs, weights, strict=True):
        if weight:
            total += weight * part
    return total


def _count_classes(
    stacked: NDArray[np.floating[Any]], weights: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> ClassCounts:
    n_models, n_classes, n = stacked.shape
    n_mixtures = len(weights)
    hits, predicted = np.zeros((n_mixtures, n_classes)), np.zeros((n_mixtures, n_classes))
    width = max(1, _BLOCK // (n_mixtures * n_classes))
    starts = np.arange(n_mixtures)[:, None] * n_classes
    for start in range(0, n, width):
        block = stacked[:, :, start : start + width]
        own = labels[start : start + width]
        found = (weights @ block.reshape(n_models, -1)).reshape(n_mixtures, n_classes, -1)
        answers = _argmax(found)
        flat = answers + starts
        predicted += np.bincount(flat.ravel(), minlength=predicted.size).reshape(predicted.shape)
        hits += np.bincount(flat[answers == own], minlength=hits.size).reshape(hits.shape)
    actual = np.bincount(labels, minlength=n_classes).astype(np.float64)
    return ClassCounts(hits, np.broadcast_to(actual, hits.shape), predicted, np.full(n_mixtures, float(n)))


def _argmax(values: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The first largest along the middle axis: one pass a class, each over whole rows."""
    best, answers = values[:, 0].copy(), np.zeros((values.shape[0], values.shape[2]), dtype=np.int64)
    for c in range(1, values.shape[1]):
        own = values[:, c]
        np.copyto(answers, c, where=own > best)
        np.maximum(best, own, out=best)
    return answers


def _count_labels(
    stacked: NDArray[np.floating[Any]], weights: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> ClassCounts:
    n_models, n_classes, n = stacked.shape
    n_mixtures = len(weights)
    hits, predicted = np.zeros((n_mixtures, n_classes)), np.zeros((n_mixtures, n_classes))
    is_one, is_known = (labels == 1).T, (labels >= 0).T  # (C, N)
    width = max(1, _BLOCK // (n_mixtures * n_classes))
    for start in range(0, n, width):
        rows = slice(start, start + width)
        found = (weights @ stacked[:, :, rows].reshape(n_models, -1)).reshape(n_mixtures, n_classes, -1)
        answers = found >= DECISION_THRESHOLD
        predicted += (answers & is_known[:, rows]).sum(axis=2)
        hits += (answers & is_one[:, rows]).sum(axis=2)
    actual = is_one.sum(axis=1).astype(np.float64)
    total = np.full(n_mixtures, float(is_known.sum()))
    return ClassCounts(hits, np.broadcast_to(actual, hits.shape), predicted, total)


def draw_subsets(n_models: int, n_subsets: int, order: Sequence[int], *, seed: int = 0) -> NDArray[np.bool_]:
    """Subsets of models to try, a row each, none twice and none empty.

    All of them where there are no more than asked for. Else each model alone, the best 2, 3, ... of them, and then
    subsets of a size that is drawn evenly.

    Args:
        n_models: Models.
        n_subsets: Subsets wanted.
        order: The models, the best alone first.
        seed: Of the draw.

    Example:
        >>> draw_subsets(2, 10, [1, 0]).astype(int).tolist()
        [[1, 0], [0, 1], [1, 1]]
    """
    if n_models < 30 and 2**n_models - 1 <= n_subsets:
        numbers = np.arange(1, 2**n_models)[:, None]
        return np.asarray((numbers >> np.arange(n_models)) % 2 == 1)
    found: dict[bytes, NDArray[np.bool_]] = {}

    def add(models: Sequence[int] | NDArray[np.int64]) -> None:
        row = np.zeros(n_models, dtype=bool)
        row[models] = True
        found.setdefault(row.tobytes(), row)

    for model in order:
        add([model])
    for size in range(2, n_models + 1):
        add(list(order[:size]))
    generator = np.random.default_rng(seed)
    while len(found) < n_subsets:
        add(generator.permutation(n_models)[: generator.integers(2, n_models)])
    return np.stack(list(found.values())[: max(n_subsets, n_models)])
