"""Whether images have nearer look-alikes in another group than in their own: a sign that named groups are too fine."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["crossing_share"]

PIECE = 1024
"""Rows at a time."""
_FEWEST = 20


def crossing_share(
    directions: NDArray[np.float32],
    rows: NDArray[np.int64],
    *,
    group: NDArray[np.int64],
    cluster: NDArray[np.int64],
    fold: NDArray[np.int64],
) -> float:
    """Share of images with others of their group whose nearest look-alike is of another group and another fold.

    About a half where the frames of one object were dealt into two groups; little where groups are objects.

    Args:
        directions: From `make_directions`, shape (N, D).
        rows: The images that ask, shape (n,).
        group: Named group of each image, shape (N,).
        cluster: Cluster of each image, shape (N,): images of one cluster are look-alikes.
        fold: Fold of each image, shape (N,).

    Returns:
        nan where fewer than 20 of those that ask have others of their group.
    """
    asked = rows[np.bincount(group)[group[rows]] > 1]
    if len(asked) < _FEWEST:
        return math.nan
    n_crossing = 0
    for start in range(0, len(asked), PIECE):
        own = asked[start : start + PIECE]
        similar = directions[own] @ directions.T  # (n, N)
        similar[np.arange(len(own)), own] = -np.inf
        is_mate = group[own][:, None] == group[None]
        is_other = (cluster[own][:, None] == cluster[None]) & ~is_mate & (fold[own][:, None] != fold[None])
        mate = np.where(is_mate, similar, -np.inf).max(axis=1)
        n_crossing += int((np.where(is_other, similar, -np.inf).max(axis=1) > mate).sum())
    return n_crossing / len(asked)
