from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from scipy import sparse
from sklearn.model_selection import StratifiedGroupKFold

from podium.splits.deal_units import _fill_empty_parts, deal_units
from podium.splits.improve_balance import imbalance, improve_balance


def with_sizes(counts: np.ndarray, sizes: np.ndarray | None = None) -> sparse.csr_matrix:
    sizes = np.ones(len(counts), int) if sizes is None else sizes
    return sparse.csr_matrix(np.column_stack([counts, sizes]).astype(np.int64))


def group_counts(labels: np.ndarray, groups: np.ndarray) -> sparse.csr_matrix:
    n_groups = groups.max() + 1
    counts = np.zeros((n_groups, labels.shape[1]), int)
    np.add.at(counts, groups, labels)
    return with_sizes(counts, np.bincount(groups, minlength=n_groups))


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(2, 6), st.integers(6, 60), st.integers(1, 8), st.integers(0, 10**6))
def test_no_part_is_empty_and_every_unit_has_one(n_parts: int, n_units: int, n_labels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = with_sizes(rng.integers(0, 4, (n_units, n_labels)), rng.integers(1, 50, n_units) ** 2)
    part = deal_units(counts, np.full(n_parts, 1 / n_parts), np.random.default_rng(0))
    assert part.shape == (n_units,)
    assert set(part.tolist()) == set(range(n_parts))


@pytest.mark.parametrize("n_units", [3, 4, 7])
def test_no_part_is_emptied_even_where_that_were_fairer(n_units: int) -> None:
    counts, fractions = with_sizes(np.zeros((n_units, 0), int), np.full(n_units, 10)), np.asarray([0.48, 0.48, 0.04])
    for seed in range(5):
        part = deal_units(counts, fractions, np.random.default_rng(seed))
        assert set(part.tolist()) == {0, 1, 2}
    start = np.arange(n_units) % 3
    assert set(improve_balance(counts, start, fractions, np.random.default_rng(0)).tolist()) == {0, 1, 2}


def test_an_empty_part_gets_the_smallest_unit_of_the_fullest() -> None:
    counts = with_sizes(np.asarray([[9], [8], [0], [7]]), np.asarray([10, 9, 20, 30]))
    assert _fill_empty_parts(np.asarray([0, 0, 0, 1]), counts, 3).tolist() == [0, 2, 0, 1]


def test_one_giant_group_does_not_starve_the_others() -> None:
    counts = with_sizes(np.zeros((5, 0), int), np.asarray([1000, 1, 1, 1, 1]))
    part = deal_units(counts, np.full(5, 0.2), np.random.default_rng(0))
    assert sorted(part.tolist()) == [0, 1, 2, 3, 4]


def test_local_search_ends_where_no_move_and_no_swap_gains() -> None:
    rng = np.random.default_rng(4)
    counts, fractions = with_sizes(rng.integers(0, 5, (14, 3)), rng.integers(1, 9, 14)), np.full(3, 1 / 3)
    start = rng.permutation(np.arange(14) % 3)
    part = improve_balance(counts, start, fractions, rng)
    best = imbalance(counts, part, fractions)
    assert best <= imbalance(counts, start, fractions)
    for unit, target in product(range(14), range(3)):
        moved = part.copy()
        moved[unit] = target
        assert imbalance(counts, moved, fractions) >= best - 1e-6
    for one, other in product(range(14), range(14)):
        swapped = part.copy()
        swapped[[one, other]] = swapped[[other, one]]
        assert imbalance(counts, swapped, fractions) >= best - 1e-6


@pytest.mark.long
def test_small_case_is_near_the_best_of_all_divisions() -> None:
    rng = np.random.default_rng(2)
    counts, fractions = with_sizes(rng.integers(0, 6, (7, 3)), rng.integers(5, 12, 7)), np.full(3, 1 / 3)
    everything = [imbalance(counts, np.asarray(p), fractions) for p in product(range(3), repeat=7) if len(set(p)) == 3]
    ours = imbalance(counts, deal_units(counts, fractions, np.random.default_rng(0)), fractions)
    assert np.mean(np.asarray(everything) < ours - 1e-9) < 0.005


@pytest.mark.parametrize(("n", "n_groups", "n_classes"), [(600, 60, 6), (2000, 300, 18), (5000, 60, 18)])
def test_groups_are_balanced_as_well_as_by_scikit_learn(n: int, n_groups: int, n_classes: int) -> None:
    rng = np.random.default_rng(n)
    groups = rng.permutation(np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, n - n_groups)]))
    weight = 1 / np.arange(1, n_classes + 1) ** 1.2
    label = rng.choice(n_classes, n, p=weight / weight.sum())
    counts, fractions = group_counts(np.eye(n_classes, dtype=int)[label], groups), np.full(5, 0.2)
    theirs = np.empty(n_groups, int)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for fold, (_, valid) in enumerate(splitter.split(np.zeros(n), label, groups)):
        theirs[groups[valid]] = fold
    ours = deal_units(counts, fractions, np.random.default_rng(0))
    blind = np.random.default_rng(0).permutation(n_groups) % 5
    assert imbalance(counts, ours, fractions) <= imbalance(counts, theirs, fractions) + 1e-9
    assert imbalance(counts, ours, fractions) < 0.5 * imbalance(counts, blind, fractions)


@pytest.mark.parametrize(("n", "density"), [(300, 0.1), (1500, 0.35), (4000, 0.02)])
def test_rows_are_balanced_as_well_as_by_iterative_stratification(n: int, density: float) -> None:
    rng = np.random.default_rng(n)
    labels = (rng.random((n, 12)) < density * rng.uniform(0.3, 1.7, 12)).astype(int)
    counts, fractions = with_sizes(labels), np.full(5, 0.2)
    theirs = np.empty(n, int)
    for fold, (_, valid) in enumerate(MultilabelStratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels)):
        theirs[valid] = fold
    ours = deal_units(counts, fractions, np.random.default_rng(0))
    assert imbalance(counts, ours, fractions) <= imbalance(counts, theirs, fractions) + 1e-9
    held = np.array([labels[ours == fold].sum(axis=0) for fold in range(5)])
    assert np.ptp(held, axis=0).max() <= 3
    assert np.ptp(np.bincount(ours)) <= 3


def test_multi_label_groups_beat_a_blind_deal() -> None:
    rng = np.random.default_rng(0)
    groups = np.concatenate([np.arange(80), rng.integers(0, 80, 920)])
    labels = (rng.random((1000, 20)) < rng.uniform(0.01, 0.4, 20)).astype(int)
    counts, fractions = group_counts(labels, groups), np.full(4, 0.25)
    ours = imbalance(counts, deal_units(counts, fractions, np.random.default_rng(0)), fractions)
    blind = [imbalance(counts, np.random.default_rng(s).permutation(80) % 4, fractions) for s in range(20)]
    assert ours < 0.3 * min(blind)


def test_unequal_fractions_are_met() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((900, 6)) < 0.3).astype(int)
    part = deal_units(with_sizes(labels), np.asarray([0.1, 0.9]), np.random.default_rng(0))
    assert abs((part == 0).sum() - 90) <= 2
    assert np.abs(labels[part == 0].sum(axis=0) - 0.1 * labels.sum(axis=0)).max() <= 2
