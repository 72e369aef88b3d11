"""Where images lie to each other by the features of a frozen network: standardised, compared by the cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_nearest", "make_directions"]

PIECE = 1024
"""Rows at a time."""


def make_directions(features: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Every image as a direction, float32 (N, D): features with mean 0 and deviation 1, then rows of length 1.

    The product of two rows is their similarity. A feature that never varies is left out of it, and a row that is the
    mean of all has length 0.

    Args:
        features: Shape (N, D), finite.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    scale = features.std(axis=0, dtype=np.float64)
    factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 1e-6 * (1 + np.abs(mean)))
    directions: NDArray[np.float32] = ((features - mean.astype(np.float32)) * factor.astype(np.float32)).astype(
        np.float32
    )
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    np.divide(directions, length, out=directions, where=length > 0)
    return directions


def find_nearest(
    directions: NDArray[np.float32],
    rows: NDArray[np.int64],
    kinds: NDArray[np.int64],
    *,
    sets: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Similarity of some images to the nearest of their kind, of their kind but not of their set, and of other kinds.

    Args:
        directions: From `make_directions`, shape (N, D).
        rows: The images that ask, shape (n,).
        kinds: Class of each image, shape (N,).
        sets: What it belongs to, such as its cluster, shape (N,).

    Returns:
        Three arrays of shape (n,); nan where there is no such image.
    """
    found = np.full((3, len(rows)), np.nan, dtype=np.float32)
    for start in range(0, len(rows), PIECE):
        own = rows[start : start + PIECE]
        similar = directions[own] @ directions.T  # (n, N)
        similar[np.arange(len(own)), own] = -np.inf
        is_kin = kinds[own][:, None] == kinds[None]
        is_apart = sets[own][:, None] != sets[None]
        for place, is_asked in enumerate((is_kin, is_kin & is_apart, ~is_kin)):
            best = np.where(is_asked, similar, -np.inf).max(axis=1)
            found[place, start : start + PIECE] = np.where(np.isfinite(best), best, np.nan)
    return found[0], found[1], found[2]
