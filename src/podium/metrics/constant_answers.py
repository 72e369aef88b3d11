"""Answers that are the same for every image, among which the best one of a metric is.

Each function takes distinct rows of known labels and how often each occurs, and gives answers as probabilities (C,).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["class_shares", "each_class", "frequent_label_set", "overlapping_label_set"]

Labels = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]


def class_shares(labels: Labels, counts: FloatArray, head: Head) -> list[FloatArray]:
    """The share of each class; for a multi-label head of each label, among the images where it is known.

    Nothing constant has a lower log loss or Brier score. Ranked by it, the first k classes are the k most frequent.
    """
    if head.is_multi:
        n_known = counts @ (labels >= 0)
        return [divide(counts @ (labels == 1), n_known, otherwise=0.0)]
    return [np.bincount(labels, weights=counts, minlength=head.n_classes) / counts.sum()]


def each_class(labels: Labels, counts: FloatArray, head: Head) -> list[FloatArray]:
    """Every class, with certainty."""
    del labels, counts
    return list(np.eye(head.n_classes))


def frequent_label_set(labels: Labels, counts: FloatArray, head: Head) -> list[FloatArray]:
    """The set of labels that most images have exactly; the best for `subset_accuracy` where no label is missing.

    With missing labels it is the most frequent one of the images that lack none, beside what most images have label
    by label; the true best may be a little better.
    """
    (shares,) = class_shares(labels, counts, head)
    answers = [(shares > 0.5).astype(np.float64)]
    whole = (labels >= 0).all(axis=1)
    if whole.any():
        sets = labels[whole] == 1
        _, first, place = np.unique(np.packbits(sets, axis=1), axis=0, return_index=True, return_inverse=True)
        n_each = np.bincount(place.ravel(), weights=counts[whole])
        answers.append(sets[first[n_each.argmax()]].astype(np.float64))
    return answers


def overlapping_label_set(labels: Labels, counts: FloatArray, head: Head, *, beta: float = 1.0) -> list[FloatArray]:
    """The set of labels with the largest mean F-beta over images; the best for `f1_samples` where no label is missing.

    For a set of k labels, an image that has s labels gains (1 + b^2) / (k + b^2 s) for each that it shares. So the
    gains of labels add up, and the best set of size k is that of the k largest gains. A missing label counts as 0
    here, so with missing labels the true best may be a little better.
    """
    is_true = labels == 1
    size = is_true.sum(axis=1)
    of_size = np.zeros((int(size.max()) + 1, head.n_classes))  # images with s labels that have label c
    np.add.at(of_size, size, is_true * counts[:, None])
    k = np.arange(1, head.n_classes + 1)
    gains = ((1 + beta**2) / (k[:, None] + beta**2 * np.arange(len(of_size)))) @ of_size  # (k, C)
    order = np.argsort(-gains, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(gains, order, axis=1), axis=1).diagonal()
    best = int(sums.argmax())
    answer = np.zeros(head.n_classes)
    answer[order[best, : best + 1]] = 1.0
    return [answer]
