"""What the images that look most like one are labelled as: evidence that no trained head has bent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "find_neighbours", "neighbour_shares"]

PIECE = 1024
"""Rows at a time."""

Neighbours = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Rows of each image's neighbours and their weights, both (N, k); a weight of 0 is no neighbour."""


def find_neighbours(directions: NDArray[np.float32], fold: NDArray[np.int64], *, n: int = 10) -> Neighbours:
    """The nearest images of other folds: those that the model of the image's own fold was trained on.

    Groups lie in one fold, so nobody is a neighbour of themselves, as copies would be that share a wrong label.

    Args:
        directions: From `podium.twins.make_directions`, shape (N, D).
        fold: Fold of each image, shape (N,); a negative one only trains and asks for no neighbours.
        n: Number of neighbours k.
    """
    k = min(n, len(directions))
    rows, weights = np.zeros((len(fold), k), dtype=np.int64), np.zeros((len(fold), k))
    for start in range(0, len(fold), PIECE):
        own = np.arange(start, min(start + PIECE, len(fold)))
        similar = directions[own] @ directions.T  # (n, N)
        similar[fold[own][:, None] == fold[None]] = -np.inf
        near = np.argpartition(-similar, k - 1, axis=1)[:, :k]
        rows[own] = near
        weights[own] = np.maximum(np.take_along_axis(similar, near, axis=1), 0.0)
    return rows, weights


def neighbour_shares(neighbours: Neighbours, labels: NDArray[np.integer[Any]], n_classes: int) -> NDArray[np.float64]:
    """Shares of the classes among each image's neighbours, by similarity, shape (N, C); nan without labelled ones.

    Args:
        neighbours: From `find_neighbours`.
        labels: Given classes, shape (N,); -1 = missing.
        n_classes: Number of classes C.
    """
    rows, weights = neighbours
    found = labels[rows]  # (N, k)
    votes = np.stack([(weights * (found == place)).sum(axis=1) for place in range(n_classes)], axis=1)
    total = votes.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(votes, total, out=np.full_like(votes, np.nan), where=total > 0)
    return shares
