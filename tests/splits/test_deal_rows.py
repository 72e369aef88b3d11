from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from podium.splits.deal_rows import deal_at_random, deal_by_stratum, take_at_random, take_by_stratum


@pytest.mark.slow
@given(st.lists(st.integers(0, 5), min_size=30, max_size=120), st.integers(2, 5), st.integers(0, 5))
def test_class_counts_of_folds_are_those_of_scikit_learn(codes: list[int], n_folds: int, seed: int) -> None:
    # scikit-learn numbers classes by first appearance, so give it classes in that order and none that is too rare.
    found = np.asarray(codes + [0, 1, 2, 3, 4, 5] * n_folds)
    found = np.sort(found)
    ours = deal_by_stratum(found, n_folds, np.random.default_rng(seed))
    theirs = np.empty_like(ours)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    for fold, (_, valid) in enumerate(splitter.split(np.zeros(len(found)), found)):
        theirs[valid] = fold
    for fold in range(n_folds):
        expected = np.bincount(found[theirs == fold], minlength=6)
        assert np.bincount(found[ours == fold], minlength=6).tolist() == expected.tolist()


@pytest.mark.slow
@given(st.lists(st.integers(0, 7), min_size=10, max_size=200), st.integers(2, 9))
def test_every_stratum_and_the_total_are_even_within_one(codes: list[int], n_folds: int) -> None:
    array = np.asarray(codes)
    fold = deal_by_stratum(array, n_folds, np.random.default_rng(0))
    for rows in [np.ones(len(array), bool), *(array == code for code in np.unique(array))]:
        assert np.ptp(np.bincount(fold[rows], minlength=n_folds)) <= 1


@pytest.mark.slow
@given(st.lists(st.integers(0, 7), min_size=4, max_size=200), st.floats(0.01, 0.95))
def test_holdout_takes_the_right_number_within_one_a_stratum(codes: list[int], fraction: float) -> None:
    array = np.asarray(codes)
    taken = take_by_stratum(array, fraction, np.random.default_rng(1))
    assert taken.sum() == max(1, round(fraction * len(array)))
    sizes, held = np.bincount(array), np.bincount(array[taken], minlength=array.max() + 1)
    if (sizes - np.ceil(sizes * fraction) >= 1).all():
        assert np.abs(held - sizes * fraction).max() < 1 + 1e-9


@pytest.mark.slow
@given(st.lists(st.integers(0, 7), min_size=4, max_size=60), st.floats(0.01, 0.95))
def test_a_class_is_used_up_only_when_all_others_are_down_to_one(codes: list[int], fraction: float) -> None:
    array = np.asarray(codes)
    taken = take_by_stratum(array, fraction, np.random.default_rng(1))
    sizes, left = np.bincount(array), np.bincount(array[~taken], minlength=array.max() + 1)
    if (left[sizes > 0] == 0).any():
        assert left.max() <= 1


def test_holdout_leaves_the_only_image_of_a_class() -> None:
    codes = np.asarray([0] * 50 + list(range(1, 11)))
    for seed in range(20):
        assert (codes[take_by_stratum(codes, 0.2, np.random.default_rng(seed))] == 0).sum() >= 10
        assert not (codes[take_by_stratum(codes, 0.15, np.random.default_rng(seed))] > 0).any()


def test_random_deal_is_even_and_differs_between_seeds() -> None:
    one, other = (deal_at_random(103, 5, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.ptp(np.bincount(one)) <= 1
    assert (one != other).any()
    assert take_at_random(103, 0.1, np.random.default_rng(0)).sum() == 10


@pytest.mark.parametrize("seed", range(3))
def test_shuffle_reaches_every_place(seed: int) -> None:
    codes = np.repeat([0, 1], 500)
    fold = deal_by_stratum(codes, 2, np.random.default_rng(seed))
    first_half = fold[:250].mean()
    assert 0.35 < first_half < 0.65
