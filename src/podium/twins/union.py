"""Connected components: what is joined by a chain of pairs gets one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["join_pairs"]


def join_pairs(n: int, pairs: NDArray[np.integer]) -> NDArray[np.int64]:
    """Component of each of n rows: the lowest row of its component, shape (n,).

    Args:
        n: Number of rows.
        pairs: Rows that belong together, shape (M, 2).

    Example:
        >>> join_pairs(5, np.array([[3, 1], [4, 3]])).tolist()
        [0, 1, 2, 1, 1]
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=bool)
    graph = sparse.coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    lowest = np.full(n, n, dtype=np.int64)
    np.minimum.at(lowest, component, np.arange(n))
    return np.asarray(lowest[component], dtype=np.int64)
