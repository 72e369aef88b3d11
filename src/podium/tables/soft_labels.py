"""Shares of classes beside labels: what is learnt where people disagreed, while scores go by the label itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError
from podium.tables.composite import Composite
from podium.tables.task import Head

__all__ = ["check_shares", "check_weights", "composite_shares", "harden", "one_hot"]

_ROUNDING = 1e-6

Shares = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]


def harden(head: Head, shares: Shares) -> Labels:
    """The labels that shares come down to: the class with the most, the first of equal ones; marks of at least half.

    Args:
        head: The head.
        shares: As in `Samples.soft`, shape (N, C).

    Returns:
        As in `Samples.labels`.
    """
    if head.is_multi:
        return np.where(shares < 0, -1, shares >= 0.5).astype(np.int8)
    return np.where((shares < 0).any(axis=1), -1, shares.argmax(axis=1)).astype(np.int64)


def one_hot(head: Head, labels: Labels) -> Shares:
    """Labels as shares, shape (N, C): 0 and 1; -1 where the label is missing."""
    if head.is_multi:
        return labels.astype(np.float64)
    shares = np.zeros((len(labels), head.n_classes))
    shares[np.arange(len(labels)), np.maximum(labels, 0)] = 1.0
    shares[labels < 0] = -1.0
    return shares


def composite_shares(composite: Composite, shares: Mapping[str, Shares]) -> Shares:
    """Shares of a composite class, shape (N, C): the product of its attributes', -1 where one is missing."""
    joint = composite.joint_probs({name: shares[name] for name in composite.heads})
    is_missing = np.any([(shares[name] < 0).any(axis=1) for name in composite.heads], axis=0)
    joint[is_missing] = -1.0
    return joint


def check_shares(head: Head, shares: Shares, n_rows: int) -> None:
    """Raise LabelError unless these are shares of the head's classes; names the first row that is not."""
    if shares.shape != (n_rows, head.n_classes):
        raise LabelError(f"shares of {head.name!r} have shape {shares.shape}, expected {(n_rows, head.n_classes)}.")
    is_missing = shares < 0 if head.is_multi else (shares < 0).any(axis=1, keepdims=True) & np.ones_like(shares, bool)
    is_wrong = ~(np.where(is_missing, 0, shares) <= 1)  # NaN too
    is_wrong |= is_missing & (shares != -1)
    if not head.is_multi:
        is_wrong |= ~is_missing & (np.abs(shares.sum(axis=1, keepdims=True) - 1) > _ROUNDING)
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong.any(axis=1))[0])
        expected = "each from 0 to 1" if head.is_multi else "from 0 to 1, with a sum of 1"
        raise LabelError(
            f"shares of {head.name!r} in row {row} are {shares[row].tolist()}, expected {expected}, or all -1."
        )


def check_weights(weight: NDArray[np.float64]) -> None:
    """Raise LabelError unless every weight is a number of at least 0, and one is above; names the first that is not."""
    is_wrong = ~(np.isfinite(weight) & (weight >= 0))
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        raise LabelError(f"the weight of row {row} is {weight[row]}, expected a number of at least 0.")
    if len(weight) and not weight.any():
        raise LabelError("the weights are all 0, so there is nothing to learn.")
