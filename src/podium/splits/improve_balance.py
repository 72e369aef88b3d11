"""Local search: move a unit, or swap two, while that brings the parts nearer to their fair shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["imbalance", "improve_balance"]

_POOL_SIZE = 512
_MAX_POOLS = 8
_MAX_STEPS = 400
_LEAST_GAIN = 1e-7


def imbalance(counts: Any, part: NDArray[np.int64], fractions: NDArray[np.float64]) -> float:
    """How far the parts are from their fair shares: the chi-square statistic over parts and columns; 0 is perfect.

    Args:
        counts: scipy CSR matrix, shape (U, L).
        part: Part of every unit, shape (U,).
        fractions: Share each part should get, shape (P,).
    """
    totals = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    deviation = _deviation(counts, part, fractions)
    return float((deviation**2 * _weights(totals) / fractions[:, None]).sum())


def improve_balance(
    counts: Any, part: NDArray[np.int64], fractions: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Parts after moves and swaps that each lower the imbalance.

    Up to 512 units every move and every swap is tried until none helps. With more units, random pools of 512 are
    searched instead, eight at most: the first deal is already near by then, and cost stays bounded.

    Args:
        counts: scipy CSR matrix of what each unit holds of each column, shape (U, L).
        part: Part of every unit to start from, shape (U,).
        fractions: Share of every column that each part should get, shape (P,).
        rng: Source of the pools.

    Returns:
        Part numbers, shape (U,); a part that was not empty stays so.
    """
    part = part.copy()
    n_units = len(part)
    totals = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    deviation = _deviation(counts, part, fractions)
    order = rng.permutation(n_units)
    n_pools = min(_MAX_POOLS, -(-n_units // _POOL_SIZE))
    for number in range(n_pools):
        pool = np.sort(order[number * _POOL_SIZE : (number + 1) * _POOL_SIZE])
        n_outside = np.bincount(part, minlength=len(fractions)) - np.bincount(part[pool], minlength=len(fractions))
        search = _PoolSearch(
            counts[pool].toarray().astype(np.float64), part[pool], n_outside, _weights(totals), fractions
        )
        part[pool] = search.run(deviation)
    return part


def _weights(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)


def _deviation(counts: Any, part: NDArray[np.int64], fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Held minus fair share, shape (P, L)."""
    from scipy import sparse

    n_units = len(part)
    member = sparse.csr_matrix((np.ones(n_units), (part, np.arange(n_units))), shape=(len(fractions), n_units))
    held = (member @ counts).toarray()
    return np.asarray(held - fractions[:, None] * held.sum(axis=0), dtype=np.float64)


class _PoolSearch:
    """Steepest descent over all moves and swaps of M units, with the change of every one kept up to date."""

    def __init__(
        self,
        held: NDArray[np.float64],
        part: NDArray[np.int64],
        n_outside: NDArray[np.int64],
        weights: NDArray[np.float64],
        fractions: NDArray[np.float64],
    ) -> None:
        self.held = held  # (M, L)
        self.part = part.copy()
        self.n_outside = n_outside
        self.weights = weights
        self.inverse = 1.0 / fractions
        self.gram = (held * weights) @ held.T  # (M, M)

    def run(self, deviation: NDArray[np.float64]) -> NDArray[np.int64]:
        """Part of every pool unit at a local optimum, shape (M,); `deviation`, shape (P, L), is brought up to date."""
        pull = (self.held * self.weights) @ deviation.T * self.inverse  # (M, P)
        for _ in range(_MAX_STEPS):
            changes = self._best_step(pull)
            if not changes:
                break
            for unit, target in changes:
                source = self.part[unit]
                deviation[source] -= self.held[unit]
                deviation[target] += self.held[unit]
                pull[:, source] -= self.gram[unit] * self.inverse[source]
                pull[:, target] += self.gram[unit] * self.inverse[target]
                self.part[unit] = target
        return self.part

    def _best_step(self, pull: NDArray[np.float64]) -> list[tuple[int, int]]:
        """The (unit, new part) changes of the best move or swap; empty if none gains."""
        part, rows = self.part, np.arange(len(self.part))
        both = self.inverse[None, :] + self.inverse[part][:, None]  # (M, P)
        change = 2 * (pull - pull[rows, part][:, None]) + np.diag(self.gram)[:, None] * both
        change[rows, part] = np.inf
        swap = change[:, part]
        swap = swap + swap.T - 2 * self.gram * both[:, part]
        n_units = np.bincount(part, minlength=len(self.inverse)) + self.n_outside
        change[n_units[part] == 1] = np.inf  # a move must not empty a part
        # Rounded, so that ties fall to the same unit on every machine.
        move_at, swap_at = int(np.argmin(np.round(change, 9))), int(np.argmin(np.round(swap, 9)))
        best_move, best_swap = change.flat[move_at], swap.flat[swap_at]
        if min(best_move, best_swap) > -_LEAST_GAIN:
            return []
        if best_move <= best_swap:
            unit, target = divmod(move_at, change.shape[1])
            return [(unit, target)]
        one, other = divmod(swap_at, len(part))
        return [(one, int(part[other])), (other, int(part[one]))]
