"""Dealing whole groups to folds so that every label is shared out fairly.

A unit is what must stay together: a group, or one row where nothing is grouped. Each unit carries counts of every
stratum (class, positive label, missing label) and of its rows. Labels are dealt rarest first, as in iterative
stratification; a label's units go, heaviest first, to the fold that still needs most of it. All units of equal
weight are dealt in one vectorised step, so the cost is per label and not per unit. `improve_balance` then repairs
what the greedy order could not foresee.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.splits.improve_balance import improve_balance

__all__ = ["deal_units"]

_SIGNATURE_BITS = 62


def deal_units(counts: Any, fractions: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A part for every unit. U units, L columns, P parts.

    Args:
        counts: scipy CSR matrix of what each unit holds of each column, int64, shape (U, L). The last column is the
            number of rows and is nowhere 0.
        fractions: Share of every column that each part should get, shape (P,), summing to 1.
        rng: Source of tie-breaks.

    Returns:
        Part numbers, shape (U,); no part is empty. Needs U >= P.

    Source:
        Sechidis et al. 2011, "On the Stratification of Multi-Label Data", for the order of labels and the rule of
        greatest need; extended to units with counts, dealt in batches, and followed by local search.
    """
    rank = _rank_units(counts, rng)
    ranked = counts[rank]
    part_of_ranked = _fill_empty_parts(_deal_rarest_first(ranked, fractions, rng), ranked, len(fractions))
    part = np.empty_like(part_of_ranked)
    part[rank] = part_of_ranked
    return improve_balance(counts, part, fractions, rng)


def _rank_units(counts: Any, rng: np.random.Generator) -> NDArray[np.int64]:
    """Units with like units beside each other, so that dealing along this order spreads label combinations too."""
    totals = np.asarray(counts.sum(axis=0)).ravel()
    rarity = np.argsort(np.argsort(totals[:-1], kind="stable"), kind="stable")
    power = np.where(rarity < _SIGNATURE_BITS, 1 << np.clip(_SIGNATURE_BITS - 1 - rarity, 0, None), 0)
    has_column = counts[:, :-1].astype(bool).astype(np.int64)
    signature = has_column @ power.astype(np.int64)
    size = counts[:, -1].toarray().ravel()
    return np.lexsort((rng.random(len(size)), -size, -signature))


def _deal_rarest_first(counts: Any, fractions: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The greedy pass, shape (U,). Units of one column keep the order of the rows of `counts`."""
    from scipy import sparse

    n_units, n_parts = counts.shape[0], len(fractions)
    by_column = counts.tocsc()
    remaining = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    shuffled = rng.permutation(n_parts)  # which part comes first in a tie
    need = fractions[shuffled, None] * remaining  # (P, L)
    part = np.full(n_units, -1, dtype=np.int64)
    while (remaining > 0.5).any():
        column = int(np.argmin(np.where(remaining > 0.5, remaining, np.inf)))
        span = slice(by_column.indptr[column], by_column.indptr[column + 1])
        units, weights = by_column.indices[span], by_column.data[span]
        is_free = part[units] < 0
        units, weights = units[is_free], weights[is_free]
        part[units] = _deal_column(weights, need[:, column], need[:, -1], fractions[shuffled])
        batch = counts[units]
        member = sparse.csr_matrix((np.ones(len(units)), (part[units], np.arange(len(units)))), (n_parts, len(units)))
        given = (member @ batch).toarray()
        need -= given
        remaining -= given.sum(axis=0)
    return shuffled[part]


def _deal_column(
    weights: NDArray[np.int64],
    need: NDArray[np.float64],
    size_need: NDArray[np.float64],
    fractions: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Part of each unit that holds `weights` of one column: heaviest first, to the greatest need; shape (n,)."""
    need = need.copy()
    part = np.empty(len(weights), dtype=np.int64)
    for weight in np.unique(weights)[::-1]:
        batch = np.flatnonzero(weights == weight)
        part[batch] = _slots(need, size_need, fractions, float(weight), len(batch))
        need -= weight * np.bincount(part[batch], minlength=len(need))
    return part


def _slots(
    need: NDArray[np.float64], size_need: NDArray[np.float64], fractions: NDArray[np.float64], weight: float, n: int
) -> NDArray[np.int64]:
    """The parts that n units of equal weight go to, one after the other, greatest need first; shape (n,).

    A part's j-th unit is taken at level (need - weight * (j + 1/2)) / fraction, which is the rule of Sainte-Lague;
    sorting all levels replays the sequential greedy choice without a loop.
    """
    n_parts = len(need)
    spread = (need.max() - need.min()) / weight
    depth = min(n, int(np.ceil(spread + n / n_parts)) + 2) if np.ptp(fractions) == 0 else n
    level = (need[:, None] - weight * (np.arange(depth) + 0.5)) / fractions[:, None]  # (P, depth)
    tie = np.broadcast_to((size_need / fractions)[:, None], level.shape)
    order = np.lexsort((np.round(-tie.ravel(), 6), np.round(-level.ravel(), 6)))
    return np.asarray(order[:n] // depth, dtype=np.int64)


def _fill_empty_parts(part: NDArray[np.int64], counts: Any, n_parts: int) -> NDArray[np.int64]:
    """The parts with a smallest unit moved from the part with most units into each empty one."""
    size = counts[:, -1].toarray().ravel()
    for empty in np.flatnonzero(np.bincount(part, minlength=n_parts) == 0):
        donors = np.flatnonzero(part == np.argmax(np.bincount(part, minlength=n_parts)))
        part[donors[np.argmin(size[donors])]] = empty
    return part
