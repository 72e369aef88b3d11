"""Dealing single rows to folds and to the holdout, at random or class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["deal_at_random", "deal_by_stratum", "take_at_random", "take_by_stratum"]


def deal_at_random(n: int, n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each of n rows, sizes equal within one, shape (n,)."""
    return np.asarray(rng.permutation(n) % n_folds, dtype=np.int64)


def deal_by_stratum(codes: NDArray[np.int64], n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each row; folds equal within one row, in total and in every stratum.

    Rows are sorted by stratum, shuffled within it, and dealt round and round like cards. The counts of each class in
    each fold are those of scikit-learn's StratifiedKFold.

    Args:
        codes: Stratum of each row, shape (N,).
        n_folds: Number of folds.
        rng: Source of the shuffle.

    Returns:
        Fold numbers, shape (N,).
    """
    fold = np.empty(len(codes), dtype=np.int64)
    fold[_shuffled_by_stratum(codes, rng)] = np.arange(len(codes)) % n_folds
    return fold


def take_at_random(n: int, fraction: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A mask over n rows with the nearest whole number to `fraction * n` set, at least one; shape (n,)."""
    taken = np.zeros(n, dtype=bool)
    taken[rng.permutation(n)[: max(1, round(fraction * n))]] = True
    return taken


def take_by_stratum(codes: NDArray[np.int64], fraction: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A mask with `fraction` of every stratum set, by largest remainder.

    The last row of a stratum is taken only when nothing else is left to reach the total.

    Args:
        codes: Stratum of each row, shape (N,).
        fraction: Share to take, in (0, 1).
        rng: Source of the shuffle.

    Returns:
        The mask, shape (N,), with `max(1, round(fraction * N))` rows set.
    """
    sizes = np.bincount(codes)
    quota = np.floor(sizes * fraction).astype(np.int64)
    n_missing = max(1, round(fraction * len(codes))) - int(quota.sum())
    tie = rng.random(len(sizes))
    while n_missing > 0:
        would_empty = sizes - quota <= 1
        ranking = np.lexsort((tie, quota - sizes * fraction, would_empty, sizes == quota))
        n_spare = int((~would_empty).sum()) or int((sizes > quota).sum())
        chosen = ranking[: min(n_missing, n_spare)]
        quota[chosen] += 1
        n_missing -= len(chosen)
    order = _shuffled_by_stratum(codes, rng)
    place_in_stratum = np.arange(len(codes)) - (np.cumsum(sizes) - sizes)[codes[order]]
    taken = np.zeros(len(codes), dtype=bool)
    taken[order] = place_in_stratum < quota[codes[order]]
    return taken


def _shuffled_by_stratum(codes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows in order of stratum, shuffled within each, shape (N,)."""
    return np.lexsort((rng.random(len(codes)), codes))
