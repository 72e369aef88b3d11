"""Weights of classes from their counts, against imbalance. Count training rows only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced_class_weights", "effective_number_class_weights", "positive_weights", "square_root_class_weights"]


def balanced_class_weights(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """Weights (C,) that give every class the same total: samples over (classes present times the class's count).

    Args:
        labels: Class numbers (N,), -1 where missing.
        n_classes: C. Classes without samples have weight 1.

    Raises:
        ValueError: If a label is out of range or none is known.

    Example:
        >>> balanced_class_weights(np.array([0, 0, 0, 1]), 2).round(3).tolist()
        [0.667, 2.0]

    Source:
        Equal to `sklearn.utils.class_weight.compute_class_weight("balanced")`.
    """
    counts = _count_classes(labels, n_classes)
    is_present = counts > 0
    return np.where(is_present, counts.sum() / (is_present.sum() * np.maximum(counts, 1)), 1.0)


def square_root_class_weights(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """Weights (C,) by one over the square root of a class's count, with a mean of 1 over the samples.

    Half way, in powers, from equal to balanced weights.

    Args:
        labels: Class numbers (N,), -1 where missing.
        n_classes: C. Classes without samples have weight 1.

    Raises:
        ValueError: If a label is out of range or none is known.

    Example:
        >>> square_root_class_weights(np.array([0, 0, 0, 0, 1]), 2).round(3).tolist()
        [0.833, 1.667]

    Source:
        Mahajan et al. 2018, "Exploring the Limits of Weakly Supervised Pretraining", which samples so.
    """
    counts = _count_classes(labels, n_classes)
    is_present = counts > 0
    return np.where(is_present, counts.sum() / np.sqrt(counts).sum() / np.sqrt(np.maximum(counts, 1)), 1.0)


def effective_number_class_weights(
    labels: NDArray[np.integer], n_classes: int, *, beta: float = 0.999
) -> NDArray[np.float64]:
    """Weights (C,) by the effective number of samples, (1 - beta ** n) / (1 - beta), with a mean of 1 over the present.

    Milder than balanced weights: `beta` 0 weighs all classes alike, `beta` towards 1 weighs by 1 / n.

    Args:
        labels: Class numbers (N,), -1 where missing.
        n_classes: C. Classes without samples have weight 1.
        beta: In [0, 1).

    Raises:
        ValueError: If `beta` or a label is out of range, or no label is known.

    Example:
        >>> effective_number_class_weights(np.array([0, 0, 0, 1]), 2, beta=0.0).tolist()
        [1.0, 1.0]

    Source:
        Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples".
    """
    if not 0 <= beta < 1:
        raise ValueError(f"beta must be in [0, 1), got {beta}")
    counts = _count_classes(labels, n_classes)
    is_present = counts > 0
    raw = np.where(is_present, (1 - beta) / (1 - beta ** np.maximum(counts, 1)), 0.0)
    return np.where(is_present, raw * is_present.sum() / raw.sum(), 1.0)


def positive_weights(marks: NDArray[np.integer], *, largest: float = 100.0) -> NDArray[np.float64]:
    """The `pos_weight` (C,) of each label: known negatives over known positives, at most `largest`.

    Args:
        marks: Marks (N, C) of 0 and 1, -1 where missing.
        largest: Upper limit, which is also the weight of labels that have no positive but some negative.

    Raises:
        ValueError: If the shape is not (N, C).

    Example:
        >>> positive_weights(np.array([[1, 0], [0, 1], [0, -1]])).tolist()
        [2.0, 1.0]
    """
    if marks.ndim != 2:
        raise ValueError(f"expected marks (N, C), got shape {marks.shape}")
    n_positive, n_negative = (marks == 1).sum(axis=0), (marks == 0).sum(axis=0)
    ratio = n_negative / np.maximum(n_positive, 1)
    # A label that is always marked would have its only term weighed 0, and learn nothing at all.
    return np.where(n_negative == 0, 1.0, np.minimum(np.where(n_positive == 0, largest, ratio), largest))


def _count_classes(labels: NDArray[np.integer], n_classes: int) -> NDArray[np.int64]:
    known = labels[labels >= 0]
    if labels.ndim != 1 or known.size == 0 or known.max() >= n_classes:
        raise ValueError(f"expected known class numbers (N,) below {n_classes}, got {labels!r}")
    return np.bincount(known, minlength=n_classes)
