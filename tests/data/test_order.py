from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from podium.data.order import balance_weights, count_repeats, epoch_order, repeat_keys, weighted_order
from podium.errors import UsageError


@pytest.mark.slow
@given(st.integers(0, 2**40), st.integers(0, 1000), st.integers(0, 300))
def test_is_a_permutation_and_repeatable(seed: int, epoch: int, n: int) -> None:
    order = epoch_order(seed, epoch, n)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(order, epoch_order(seed, epoch, n))


@pytest.mark.slow
def test_all_permutations_are_as_likely() -> None:
    seen = [tuple(epoch_order(1, epoch, 4).tolist()) for epoch in range(6000)]
    _, counts = np.unique(seen, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-4


def test_epochs_and_seeds_are_uncorrelated() -> None:
    orders = np.stack([epoch_order(seed, epoch, 5000) for seed in (0, 1) for epoch in (0, 1)])
    correlation = np.corrcoef(orders) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(5000)


def test_weighted_draws_follow_the_weights() -> None:
    weights = np.array([0.0, 1.0, 2.0, 0.0, 5.0, 0.0])
    draws = weighted_order(3, 0, weights, 20_000)
    counts = np.bincount(draws, minlength=6)
    assert counts[weights == 0].sum() == 0
    kept = weights > 0
    assert stats.chisquare(counts[kept], 20_000 * weights[kept] / weights.sum()).pvalue > 1e-4
    assert not np.array_equal(draws, weighted_order(3, 1, weights, 20_000))


@pytest.mark.slow
@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=20), st.integers(0, 100))
def test_weighted_draws_stay_inside(weights: list[float], epoch: int) -> None:
    if not 0 < sum(weights) < np.inf:
        return
    draws = weighted_order(0, epoch, weights, 50)
    assert (np.asarray(weights)[draws] > 0).all()


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, np.nan], [np.inf, 1.0], [0.0, 0.0], []])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError):
        weighted_order(0, 0, weights, 5)


def test_balance_evens_out_classes() -> None:
    labels = np.array([0] * 90 + [1] * 9 + [2] + [-1] * 10)
    weights = balance_weights(labels)
    sums = [weights[labels == c].sum() for c in range(3)]
    assert sums == pytest.approx([sums[0]] * 3)
    assert weights.mean() == pytest.approx(1)
    assert weights[labels == -1] == pytest.approx(weights[labels >= 0].mean())
    assert balance_weights(labels, power=0).tolist() == [1.0] * 110


def test_balance_of_a_multi_label_head_goes_by_the_rarest_positive() -> None:
    labels = np.array([[1, 0], [1, 0], [1, 1], [0, 0], [-1, -1]], dtype=np.int8)
    weights = balance_weights(labels)
    # Class 0 has three samples, class 1 one; the one sample without positives is a class of its own.
    expected = np.array([1 / 3, 1 / 3, 1, 1])
    assert weights[:4] / weights[2] == pytest.approx(expected)
    assert weights[4] == pytest.approx(weights[:4].mean())


def test_square_roots_lie_between() -> None:
    labels = np.array([0] * 64 + [1] * 16)
    drawn = [np.bincount(weighted_order(0, 0, balance_weights(labels, power=p), 40_000) // 64) for p in (0, 0.5, 1)]
    shares = [counts[1] / 40_000 for counts in drawn]
    assert shares == pytest.approx([1 / 5, 1 / 3, 1 / 2], abs=0.01)


@pytest.mark.slow
@given(st.lists(st.integers(0, 5), max_size=40))
def test_repeats_are_counted_in_order(values: list[int]) -> None:
    wanted = [values[:place].count(value) for place, value in enumerate(values)]
    assert count_repeats(np.array(values, dtype=np.int64)).tolist() == wanted


def test_a_sample_that_comes_again_has_another_key_each_time() -> None:
    keys = np.arange(100, dtype=np.uint64)
    rounds = [repeat_keys(keys, np.full(100, repeat)) for repeat in range(4)]
    assert np.array_equal(rounds[0], keys)
    assert len(np.unique(np.concatenate(rounds))) == 400


def test_balance_without_any_label_is_flat() -> None:
    assert balance_weights(np.array([-1, -1])).tolist() == [1.0, 1.0]
