"""The images that may be mixed into another one: those of its class, or those of rare classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Partners"]


@dataclass(frozen=True, eq=False)
class Partners:
    """For each of n training samples the pool that its partners come from.

    Attributes:
        pool: Number of its pool, shape (n,); -1 where it has none, and then is its own partner.
        members: Positions of the samples of all pools, one pool after the other.
        edges: Where each pool begins and ends in `members`, shape (n_pools + 1,).
    """

    pool: NDArray[np.int64]
    members: NDArray[np.int64]
    edges: NDArray[np.int64]

    @classmethod
    def of_same_class(cls, labels: NDArray[np.integer[Any]]) -> Partners:
        """Partners of the same class.

        Args:
            labels: Class indices (n,), -1 = missing; or 0 and 1 of a multi-label head (n, C), where the whole set of
                labels must be the same.
        """
        is_known = labels >= 0 if labels.ndim == 1 else (labels >= 0).all(axis=1)
        pool = np.full(len(labels), -1, dtype=np.int64)
        if is_known.any():
            pool[is_known] = np.unique(labels[is_known], axis=0, return_inverse=True)[1].ravel()
        order = np.argsort(pool, kind="stable")
        members = order[np.count_nonzero(~is_known) :]
        edges = np.concatenate([[0], np.cumsum(np.bincount(pool[is_known]))])
        return cls(pool, members.astype(np.int64), edges.astype(np.int64))

    @classmethod
    def of_rare_classes(cls, labels: NDArray[np.integer[Any]], classes: NDArray[np.integer[Any]] | None) -> Partners:
        """Partners that have a rare class, for every sample.

        Args:
            labels: Class indices (n,), -1 = missing; or 0 and 1 of a multi-label head, shape (n, C).
            classes: Numbers of the rare classes; None takes those with fewer samples than the mean of the classes
                that occur, or all where none has.
        """
        rare = _rare_classes(labels) if classes is None else classes
        is_rare = np.isin(labels, rare) if labels.ndim == 1 else (labels[:, rare] == 1).any(axis=1)
        members = np.flatnonzero(is_rare)
        pool = np.full(len(labels), 0 if members.size else -1, dtype=np.int64)
        return cls(pool, members, np.array([0, len(members)]))

    def draw(self, positions: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Positions of the partners of the samples at `positions`, drawn by uniform numbers, both shape (B,)."""
        pool = self.pool[positions]
        begin = self.edges[np.maximum(pool, 0)]
        n_members = self.edges[np.maximum(pool, 0) + (pool >= 0)] - begin
        place = np.minimum(begin + (u * n_members).astype(np.int64), max(0, len(self.members) - 1))
        return np.where(n_members > 0, self.members[place] if self.members.size else positions, positions)


def _rare_classes(labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    counts = np.bincount(labels[labels >= 0]) if labels.ndim == 1 else (labels == 1).sum(axis=0)
    if not counts.any():
        return np.array([], dtype=np.int64)
    occurs = counts > 0
    rare = np.flatnonzero(occurs & (counts < counts[occurs].mean()))
    return rare if rare.size else np.flatnonzero(occurs)
