"""Bounds against closed forms and scipy."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from podium.metrics import Interval, TargetScore, metric, score, score_predictions
from podium.metrics.bootstrap import Judged, effective_groups, resample
from podium.metrics.interval import bound_without_width, make_interval, perfect_low, resampled_bounds
from podium.tables import Head, Predictions, Samples, Task, as_text_array


@pytest.mark.parametrize("n_groups", [2, 3, 4, 6, 30, 1000])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_few_groups_reach_as_far_as_student_t(n_groups: int, level: float) -> None:
    """On resamples spaced evenly from 0 to 1, a bound is itself the quantile that was taken."""
    reach = math.sqrt(n_groups / (n_groups - 1)) * stats.t.ppf((1 + level) / 2, n_groups - 1)
    found = make_interval(0.5, np.linspace(0, 1, 10_001), n_groups=n_groups, level=level, shifts=False)
    assert found.low == pytest.approx(stats.norm.cdf(-reach), abs=1e-9)
    assert found.high == pytest.approx(stats.norm.cdf(reach), abs=1e-9)


def test_normal_resamples_without_bias_give_the_t_interval() -> None:
    """Resamples with the spread s sqrt((G - 1) / G) must give the classical mean -+ t s."""
    n_groups = 20
    resampled = stats.norm.ppf((np.arange(200_001) + 0.5) / 200_001) * math.sqrt((n_groups - 1) / n_groups)
    reach = stats.t.ppf(0.975, n_groups - 1)
    for shifts in (True, False):
        found = make_interval(0.0, resampled, n_groups=n_groups, level=0.95, shifts=shifts)
        assert found.low == pytest.approx(-reach, rel=2e-3)
        assert found.high == pytest.approx(reach, rel=2e-3)


def test_shifted_bounds_equal_bca_without_acceleration() -> None:
    """With many groups: quantiles at Phi(2 z0 -+ 1.96), as Efron and Tibshirani write it."""
    resampled = np.random.default_rng(0).gamma(4.0, size=20_000)
    value = 4.4
    z0 = stats.norm.ppf((resampled < value).mean())
    expected = np.quantile(resampled, stats.norm.cdf(2 * z0 + stats.norm.ppf([0.025, 0.975])))
    found = make_interval(value, resampled, n_groups=10**7, level=0.95)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-4)


def test_unshifted_bounds_of_many_groups_are_plain_quantiles() -> None:
    resampled = np.random.default_rng(1).random(5000)
    found = make_interval(0.1, resampled, n_groups=10**7, level=0.8, shifts=False)
    np.testing.assert_allclose([found.low, found.high], np.quantile(resampled, [0.1, 0.9]), rtol=1e-4)


def test_columns_are_bounded_on_their_own_and_nan_resamples_left_out() -> None:
    rng = np.random.default_rng(2)
    table = rng.random((400, 3))
    table[::4, 1] = np.nan
    values = np.array([0.5, 0.4, np.nan])
    low, high = resampled_bounds(values, table, n_groups=30, level=0.9)
    for column, kept in ((0, table[:, 0]), (1, table[np.isfinite(table[:, 1]), 1])):
        alone = make_interval(values[column], kept, n_groups=30, level=0.9)
        assert (low[column], high[column]) == (alone.low, alone.high)
    assert np.isnan([low[2], high[2]]).all()


@pytest.mark.parametrize("value", [2.0, -1.0])
def test_an_interval_holds_a_value_far_from_its_resamples_and_keeps_their_spread(value: float) -> None:
    resampled = np.linspace(0, 1, 1001)
    found = make_interval(value, resampled, n_groups=10**7, level=0.95)
    assert found.low < value < found.high
    assert 0.75 < found.high - found.low <= 0.95


def test_bounds_do_not_jump_where_quantiles_begin_to_be_moved_bodily() -> None:
    resampled = np.random.default_rng(3).normal(size=20_001)
    bounds = [make_interval(0.5 + step, resampled, n_groups=10**7, level=0.95) for step in (-0.02, 0.0, 0.02)]
    for one, other in pairwise(bounds):
        assert abs(one.low - other.low) < 0.06
        assert abs(one.high - other.high) < 0.25


def test_bounds_stay_within_what_there_can_be() -> None:
    resampled = np.linspace(0.9, 0.97, 101)
    assert make_interval(0.99, resampled, n_groups=50, level=0.95, limits=(0, 1)).high == 1
    assert make_interval(0.0, np.linspace(0.01, 0.1, 101), n_groups=50, level=0.95, limits=(0, 1)).low == 0


@pytest.mark.slow
@pytest.mark.parametrize(("n_classes", "n_each", "skill"), [(100, 2, 0.8), (100, 3, 0.7), (200, 3, 0.7)])
def test_the_macro_f1_of_many_rare_classes_lies_in_its_interval(n_classes: int, n_each: int, skill: float) -> None:
    """Nearly every resample misses some classes, so nearly all lie below the value."""
    rng, head = np.random.default_rng(0), Head("kind", "single", tuple(f"c{i}" for i in range(n_classes)))
    held = []
    for _ in range(20):
        labels = np.repeat(np.arange(n_classes), n_each)
        decided = np.where(rng.random(len(labels)) < skill, labels, rng.integers(0, n_classes, len(labels)))
        judged = Judged(head, np.eye(n_classes)[decided], labels, (metric("f1_macro"),))
        (drawn,) = resample([judged], np.arange(len(labels)), len(labels), n_resamples=400, seed=0)
        values, value = drawn.values["f1_macro"], score("f1_macro", judged.probs, labels, head)
        found = make_interval(
            value, values, n_groups=len(labels), level=0.95, limits=metric("f1_macro").limits_for(head)
        )
        assert found.low < value < found.high
        assert found.high - found.low > 2.5 * values.std()
        held.append(found.low <= skill <= found.high)  # as many right as wrong decisions fall on each class
    assert np.mean(held) >= 0.8


@pytest.mark.parametrize(("n_groups", "n_resamples"), [(1, 100), (0, 0), (30, 0)])
def test_without_groups_or_resamples_there_are_no_bounds(n_groups: int, n_resamples: int) -> None:
    found = make_interval(0.7, np.full(n_resamples, 0.7), n_groups=n_groups, level=0.95)
    assert not found.has_bounds
    assert found.value == 0.7
    assert str(found) == "0.7000"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.25, 0.75, "0.5000 [0.2500, 0.7500]"), (np.nan, 0.75, "0.5000"), (0.25, np.nan, "0.5000")],
)
def test_one_bound_alone_is_no_interval(low: float, high: float, text: str) -> None:
    found = Interval(0.5, low, high, 10, 200, 0.95)
    assert found.has_bounds == ("[" in text)
    assert str(found) == text


def test_record_is_json_and_exact() -> None:
    for interval in (Interval(0.1 + 0.2, 1 / 3, 2 / 3, 5, 2000, 0.95), Interval(0.5, math.nan, math.nan, 1, 0, 0.95)):
        again = Interval.from_dict(json.loads(json.dumps(interval.to_dict(), allow_nan=False)))
        assert repr(again) == repr(interval)


@pytest.mark.parametrize("n_groups", [2, 10, 30, 1000])
def test_the_lower_bound_of_a_perfect_score_is_that_of_clopper_and_pearson(n_groups: int) -> None:
    exact = stats.binomtest(n_groups, n_groups).proportion_ci(0.95, method="exact").low
    assert perfect_low(n_groups, level=0.95) == pytest.approx(exact, abs=1e-12)
    drawn = make_interval(1.0, np.ones(500), n_groups=n_groups, level=0.95)
    found = bound_without_width(drawn, perfect=1.0, worst=0.0)
    assert (found.low, found.high) == (pytest.approx(exact, abs=1e-12), 1.0)
    drawn = make_interval(0.0, np.zeros(500), n_groups=n_groups, level=0.95)
    found = bound_without_width(drawn, perfect=1.0, worst=0.0)
    assert (found.low, found.high) == (0.0, pytest.approx(1 - exact, abs=1e-12))


def test_only_a_score_without_any_width_gets_another_bound() -> None:
    spread = make_interval(1.0, np.r_[np.full(50, 0.9), np.ones(450)], n_groups=20, level=0.95)
    assert bound_without_width(spread, perfect=1.0, worst=0.0) == spread


@pytest.mark.parametrize(("perfect", "worst"), [(1.0, 0.0), (0.5, 0.5), (math.nan, 0.0), (0.5, math.nan)])
def test_a_score_between_that_all_resamples_share_has_no_interval(perfect: float, worst: float) -> None:
    drawn = make_interval(0.5, np.full(500, 0.5), n_groups=20, level=0.95)
    found = bound_without_width(drawn, perfect=perfect, worst=worst)
    assert (found.value, found.has_bounds, found.n_resamples) == (0.5, False, 500)


def _score(labels: list[int], decided: list[int], kind: str, n_classes: int) -> TargetScore:
    head = Head("kind", kind, tuple("abcde"[:n_classes]))  # type: ignore[arg-type]
    task, ids = Task((head,)), as_text_array([f"{i}.jpg" for i in range(len(labels))])
    samples = Samples(Path("data"), ids, ids, task, {"kind": np.array(labels)})
    probs = {"kind": np.eye(n_classes)[decided]}
    predictions = Predictions(task, ids, np.zeros(len(labels), dtype=np.int64), probs)
    return score_predictions(predictions, samples, n_resamples=200).targets["kind"]


def test_all_right_with_an_absent_class_is_bounded_below_the_most_that_can_be_reached() -> None:
    """200 of 200 right, but no image of the third class: macro F1 2/3 was [0.6667, 0.6667]."""
    found = _score([0, 1] * 100, [0, 1] * 100, "single", 3)
    assert found.absent_classes == ("c",)
    assert found.perfect["f1_macro"] == pytest.approx(2 / 3)
    macro, right = found.metrics["f1_macro"], perfect_low(200, level=0.95)
    assert (macro.value, macro.high) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert macro.low == pytest.approx(2 / 3 * right)
    assert found.metrics["accuracy"].low == pytest.approx(right)
    assert math.isnan(found.per_class[2].f1_low)


def test_an_error_of_exactly_zero_may_be_larger() -> None:
    """Off by at most 3 classes of 4: at worst the share of groups that may be wrong times 3."""
    found = _score([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10, "ordinal", 4).metrics["mean_absolute_error"]
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3 * (1 - perfect_low(40, level=0.95)))


def test_all_wrong_may_be_better_and_a_class_never_found_too() -> None:
    found = _score([0, 1] * 20, [1, 0] * 20, "single", 2)
    assert found.metrics["accuracy"].high == pytest.approx(1 - perfect_low(40, level=0.95))
    assert found.per_class[0].f1_high == pytest.approx(1 - perfect_low(20, level=0.95))


@pytest.mark.slow
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_no_interval_is_of_zero_width(data: st.DataObject) -> None:
    n_classes, n = data.draw(st.integers(2, 3)), data.draw(st.integers(2, 8))
    cells = st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n)
    found = _score(data.draw(cells), data.draw(cells), "ordinal", n_classes)
    bounds = [(item.low, item.high) for item in found.metrics.values()]
    bounds += [(item.f1_low, item.f1_high) for item in found.per_class]
    assert all(math.isnan(low) or high - low > 1e-9 for low, high in bounds)
    for name, item in found.metrics.items():
        if item.has_bounds:
            low, high = metric(name).limits_for(Head("kind", "ordinal", tuple("abc"[:n_classes])))
            assert low - 1e-12 <= item.low <= item.value <= item.high <= high + 1e-12, name


def test_a_class_without_a_mistake_is_bounded_by_its_own_groups() -> None:
    head, rng = Head("kind", "single", ("a", "b", "c")), np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [40, 40, 8])
    decided = np.where((labels < 2) & (rng.random(88) < 0.3), 1 - labels, labels)
    task = Task((head,))
    ids = as_text_array([f"{i}.jpg" for i in range(88)])
    samples = Samples(Path("data"), ids, ids, task, {"kind": labels})
    predictions = Predictions(task, ids, np.zeros(88, dtype=np.int64), {"kind": np.eye(3)[decided]})
    rare = score_predictions(predictions, samples, n_resamples=200).targets["kind"].per_class[2]
    assert rare.f1 == 1
    assert rare.f1_low == pytest.approx(0.025 ** (1 / 8))
    assert rare.f1_high == 1


def test_groups_of_different_sizes_say_as_much_as_fewer_equal_ones() -> None:
    assert effective_groups(np.repeat(np.arange(7), 5)) == pytest.approx(7)
    uneven = effective_groups(np.repeat(np.arange(4), [1, 2, 3, 10]))
    sizes = np.array([1, 2, 3, 10]) / 16
    assert uneven == pytest.approx(1 / (sizes**2).sum())  # inverse Simpson, an independent form of the same


def test_few_groups_widen_an_interval_on_both_sides_and_many_do_not() -> None:
    resampled = np.random.default_rng(0).normal(0.7, 0.05, 500) ** 2
    plain = make_interval(0.49, resampled, n_groups=12, level=0.9)
    few = make_interval(0.49, resampled, n_groups=12, level=0.9, n_effective=12.0)
    reach = np.sqrt(12 / 11) * stats.t.ppf(0.95, 11) * resampled.std()
    assert few.low == pytest.approx(min(plain.low, 0.49 - reach))
    assert few.high == pytest.approx(max(plain.high, 0.49 + reach))
    fewer = make_interval(0.49, resampled, n_groups=12, level=0.9, n_effective=6.0)
    assert fewer.low < few.low
    many = make_interval(0.49, resampled, n_groups=60, level=0.9, n_effective=60.0)
    assert many == make_interval(0.49, resampled, n_groups=60, level=0.9)
