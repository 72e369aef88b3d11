"""The order of samples in an epoch, a pure function of (seed, epoch)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.data.randomness import hash_uint64, uniforms
from podium.errors import UsageError

__all__ = ["balance_weights", "count_repeats", "epoch_order", "repeat_keys", "weighted_order"]

_ORDER_STREAM = 1
_DRAW_STREAM = 2
_REPEAT_STREAM = 3


def epoch_order(seed: int, epoch: int, n: int) -> NDArray[np.int64]:
    """A random permutation of 0..n-1.

    Sorting hashes rather than shuffling keeps the order the same under every version of numpy.

    Example:
        >>> sorted(epoch_order(0, 5, 4).tolist())
        [0, 1, 2, 3]
        >>> bool((epoch_order(0, 5, 100) == epoch_order(0, 6, 100)).all())
        False
    """
    hashes = hash_uint64(seed, epoch, np.arange(n, dtype=np.uint64), _ORDER_STREAM)[:, 0]
    return np.argsort(hashes, kind="stable").astype(np.int64)


def weighted_order(seed: int, epoch: int, weights: ArrayLike, n: int) -> NDArray[np.int64]:
    """`n` positions drawn with replacement, each with a chance in proportion to its weight.

    Args:
        seed: Seed of the run.
        epoch: Epoch, from 0.
        weights: Weights of the positions, shape (N,), finite and at least 0, not all 0. A position of weight 0 is
            never drawn.
        n: Draws.

    Returns:
        Positions in [0, N), shape (n,).

    Raises:
        UsageError: If a weight is negative or not finite, or all are 0. Names the first.
    """
    values = np.asarray(weights, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if bad.size:
        raise UsageError(f"weight {values[bad[0]]} of position {bad[0]} is not a number of at least 0.")
    edges = np.cumsum(values)
    if not values.size or edges[-1] <= 0:
        raise UsageError("no weight is above 0, so nothing can be drawn.")
    draws = uniforms(seed, epoch, np.arange(n, dtype=np.uint64), _DRAW_STREAM, 1)[:, 0] * edges[-1]
    found = np.searchsorted(edges, draws, side="right")
    # The product can round up to the total; the last position that can be drawn takes it.
    return np.asarray(np.minimum(found, np.flatnonzero(values)[-1]), dtype=np.int64)


def count_repeats(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each entry of an order has come before it, shape (n,); all 0 for a permutation.

    Example:
        >>> count_repeats(np.array([7, 2, 7, 7, 2])).tolist()
        [0, 0, 1, 2, 1]
    """
    places = np.argsort(order, kind="stable")
    is_first = np.concatenate([[True], np.diff(order[places]) != 0])[: len(order)]
    ranks = np.arange(len(order))
    repeats = np.empty_like(ranks)
    repeats[places] = ranks - np.maximum.accumulate(np.where(is_first, ranks, 0))
    return repeats


def repeat_keys(keys: NDArray[np.uint64], repeats: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Keys of samples that come again in an epoch: the first time their own, then others.

    So a sample that is drawn five times is augmented in five ways, and each is still a function of its id.
    """
    return np.where(repeats == 0, keys, keys ^ hash_uint64(0, 0, repeats, _REPEAT_STREAM)[:, 0])


def balance_weights(labels: NDArray[np.integer[Any]], *, power: float = 1.0) -> NDArray[np.float64]:
    """Weights that even out the classes when samples are drawn by `weighted_order`.

    Args:
        labels: Class indices, shape (N,), -1 = missing; or 0/1 of a multi-label head, shape (N, C), where a sample
            takes the weight of its rarest positive class, and samples without any are a class of their own.
        power: 1 draws all classes equally often, 0 draws them as they come, 0.5 lies between.

    Returns:
        Shape (N,), mean 1. A sample without a label takes the mean weight of the others.

    Example:
        >>> balance_weights(np.array([0, 0, 0, 1])).round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    is_known: NDArray[np.bool_]
    if labels.ndim == 1:
        counts = np.bincount(labels[labels >= 0])
        is_known = labels >= 0
        rarity = np.where(is_known, counts[np.where(is_known, labels, 0)] if counts.size else 1, 1)
    else:
        is_known = np.asarray((labels >= 0).any(axis=1))
        n_blank = int((is_known & ~(labels == 1).any(axis=1)).sum())
        positives = np.where(labels == 1, (labels == 1).sum(axis=0), len(labels))
        rarity = np.where((labels == 1).any(axis=1), positives.min(axis=1, initial=max(1, len(labels))), n_blank)
    weights = np.maximum(rarity, 1).astype(np.float64) ** -power
    if is_known.any():
        weights[~is_known] = weights[is_known].mean()
    return np.asarray(weights / weights.mean() if len(weights) else weights)
