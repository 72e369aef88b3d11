"""The local search ends where no move and no swap helps, as trying each of them shows."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from podium.splits.improve_balance import imbalance, improve_balance

Parts = NDArray[np.int64]


def chi_square(counts: NDArray[np.int64], part: Parts, fractions: NDArray[np.float64]) -> float:
    """Sum of (observed - expected)^2 / expected over parts and columns, in plain loops."""
    total = 0.0
    for p, share in enumerate(fractions):
        for column in range(counts.shape[1]):
            expected = share * counts[:, column].sum()
            if expected > 0:
                total += (counts[part == p, column].sum() - expected) ** 2 / expected
    return total


def deal(seed: int, n_units: int = 14, n_parts: int = 3) -> tuple[NDArray[np.int64], Parts, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 6, (n_units, 4)) * (rng.random((n_units, 4)) < 0.6)
    counts[:, 3] = 0  # a column that nothing holds
    part = rng.permutation(np.arange(n_units) % n_parts)
    return counts, part, rng.dirichlet(np.full(n_parts, 20.0))


def test_imbalance_is_the_chi_square_statistic() -> None:
    for seed in range(5):
        counts, part, fractions = deal(seed)
        assert imbalance(sparse.csr_matrix(counts), part, fractions) == pytest.approx(
            chi_square(counts, part, fractions)
        )
    even = sparse.csr_matrix(np.array([[1, 2], [1, 2]]))
    assert imbalance(even, np.array([0, 1]), np.array([0.5, 0.5])) == 0
    assert imbalance(even, np.array([0, 0]), np.array([0.5, 0.5])) == pytest.approx(6)  # 2 x 1/1 + 2 x 4/2


@pytest.mark.parametrize("seed", range(6))
def test_no_single_move_and_no_swap_helps_afterwards(seed: int) -> None:
    counts, part, fractions = deal(seed)
    before = part.copy()
    found = improve_balance(sparse.csr_matrix(counts), part, fractions, np.random.default_rng(0))
    reached = chi_square(counts, found, fractions)
    assert reached <= chi_square(counts, before, fractions)
    assert np.array_equal(part, before), "the start was changed in place"
    for unit, target in product(range(len(found)), range(3)):
        moved = found.copy()
        moved[unit] = target
        if len(np.unique(moved)) == 3:
            assert chi_square(counts, moved, fractions) >= reached - 1e-6
    for one, other in combinations(range(len(found)), 2):
        swapped = found.copy()
        swapped[[one, other]] = found[[other, one]]
        assert chi_square(counts, swapped, fractions) >= reached - 1e-6


def test_a_part_is_never_emptied() -> None:
    counts = sparse.csr_matrix(np.array([[9], [1], [1]]))
    found = improve_balance(counts, np.array([0, 1, 2]), np.array([0.98, 0.01, 0.01]), np.random.default_rng(0))
    assert sorted(found.tolist()) == [0, 1, 2]


def test_the_obvious_deal_is_found() -> None:
    counts = sparse.csr_matrix(np.array([[2, 0], [2, 0], [0, 2], [0, 2]]))
    halves = np.array([0.5, 0.5])
    found = improve_balance(counts, np.array([0, 0, 1, 1]), halves, np.random.default_rng(0))
    assert imbalance(counts, found, halves) == 0


@pytest.mark.slow
def test_more_units_than_a_pool_holds_come_nearer_too_and_always_alike() -> None:
    rng = np.random.default_rng(5)
    counts = sparse.csr_matrix(rng.integers(0, 3, (700, 3)))
    part, fractions = rng.integers(0, 4, 700), np.full(4, 0.25)
    found = [improve_balance(counts, part, fractions, np.random.default_rng(1)) for _ in range(2)]
    assert np.array_equal(found[0], found[1])
    assert imbalance(counts, found[0], fractions) < 0.05 * imbalance(counts, part, fractions)
