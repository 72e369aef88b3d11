"""Confident learning: which labels out-of-fold probabilities contradict, each class by its own standard."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_thresholds", "confident_classes", "confident_joint", "label_margins"]

_Probs = NDArray[np.floating[Any]]
_Labels = NDArray[np.integer[Any]]
_ROUNDING = 1e-9
"""A class whose images all have one probability reaches its own mean."""
_NEAREST = 0.5
"""What an answer in the class next to the label weighs beside one at the other end of the scale."""


def class_thresholds(probs: _Probs, labels: _Labels) -> NDArray[np.float64]:
    """Mean probability of each class over the images that are labelled so, shape (C,); infinite for a class without.

    Whoever reaches it is as surely of the class as its images are on average, so a class that the model never trusts
    is not passed over for one that it trusts too much.

    Args:
        probs: Out-of-fold probabilities, shape (N, C).
        labels: Given classes, shape (N,), each in [0, C).

    Source:
        Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", equation 2.
    """
    n_classes = probs.shape[1]
    own = probs[np.arange(len(labels)), labels].astype(np.float64)
    counts = np.bincount(labels, minlength=n_classes)
    sums = np.bincount(labels, weights=own, minlength=n_classes)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(n_classes, np.inf), where=counts > 0)
    return means


def confident_classes(probs: _Probs, labels: _Labels) -> NDArray[np.int64]:
    """Class that each image confidently has, shape (N,): the most probable that reaches its threshold; -1 for none.

    Arguments as for `class_thresholds`.

    Source:
        Northcutt et al. 2021, equation 1. Where several classes reach their thresholds, cleanlab takes the most
        probable class even if it does not reach its own; this follows the paper.
    """
    reached = np.where(probs >= class_thresholds(probs, labels) - _ROUNDING, probs, -1.0)
    best = reached.argmax(axis=1)
    return np.where(reached.max(axis=1, initial=-1.0) >= 0, best, -1).astype(np.int64)


def confident_joint(probs: _Probs, labels: _Labels) -> NDArray[np.int64]:
    """Images by their given class (rows) and the class that they confidently have (columns), shape (C, C).

    Off the diagonal are the labels that are probably wrong. Arguments as for `class_thresholds`.

    Example:
        >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
        >>> confident_joint(probs, np.array([0, 0, 1, 1]))
        array([[1, 0],
               [1, 1]])
    """
    n_classes, found = probs.shape[1], confident_classes(probs, labels)
    is_sure = found >= 0
    pairs = labels[is_sure] * n_classes + found[is_sure]
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def label_margins(
    probs: _Probs, labels: _Labels, *, is_ordinal: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """By how much each given label is more probable than the best other class, in [-1, 1], and that class, both (N,).

    Args:
        probs: As for `class_thresholds`.
        labels: As for `class_thresholds`.
        is_ordinal: Whether the classes are in order: another class then counts half beside the label, as borders are a
            matter of taste, and rising to all at the far end of the scale.

    Source:
        Northcutt et al. 2021, section 3.2, "normalized margin".
    """
    n, n_classes = probs.shape
    rows, own = np.arange(n), probs[np.arange(n), labels].astype(np.float64)
    others = probs.astype(np.float64) * (_distance_weights(n_classes)[labels] if is_ordinal else 1.0)
    others[rows, labels] = -1.0
    best = others.argmax(axis=1)
    return own - others[rows, best], best.astype(np.int64)


def _distance_weights(n_classes: int) -> NDArray[np.float64]:
    """What an answer weighs by its distance to the label, shape (C, C)."""
    distance = np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes)))
    return _NEAREST + (1 - _NEAREST) * (distance - 1) / (n_classes - 2) if n_classes > 2 else np.ones((2, 2))
