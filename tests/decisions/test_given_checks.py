"""Signs of a leak: surer on rows that were trained on, and better than anybody could be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from podium.decisions import confidence_of, is_too_good, surer_on
from podium.metrics import Interval, PairedDifference, metric
from podium.tables import Head

PETS = Head("pet", "single", ("cat", "dog"))


def test_it_is_the_area_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    own, other = rng.beta(5, 1, 300).round(2), rng.beta(3, 1, 200).round(2)
    found = surer_on(own, other, np.arange(300).astype(str).astype(object))
    assert found.value == pytest.approx(mannwhitneyu(own, other).statistic / (300 * 200))
    assert found.low < found.value < found.high
    assert surer_on(own, own, np.arange(300).astype(str).astype(object)).value == pytest.approx(0.5)


def test_the_interval_covers_and_is_wider_with_groups() -> None:
    rng = np.random.default_rng(1)
    inside, single, grouped = 0, [], []
    for _ in range(40):
        level = rng.normal(0, 1, 30)
        own = np.repeat(level, 10) + 0.2 * rng.normal(size=300)
        other = np.sqrt(1.04) * rng.normal(size=300)
        groups = np.repeat(np.arange(30), 10).astype(str).astype(object)
        found = surer_on(own, other, groups)
        inside += found.low <= 0.5 <= found.high
        grouped.append(found.high - found.low)
        alone = surer_on(own, other, np.arange(300).astype(str).astype(object))
        single.append(alone.high - alone.low)
    assert inside >= 33  # 38 expected at 95 %
    assert np.mean(grouped) > 1.5 * np.mean(single)


def test_confidence_is_the_top_probability_or_the_distance_from_a_half() -> None:
    probs = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert confidence_of(probs, PETS).tolist() == [0.9, 0.6]
    assert confidence_of(probs, Head("tags", "multi", ("a", "b"))) == pytest.approx([0.8, 0.2])


def test_too_good_is_clearly_better_with_less_than_half_of_the_error() -> None:
    clear = PairedDifference("accuracy", Interval(0.06, 0.03, 0.09, 50, 2000, 0.95), "helps")
    item = metric("accuracy")
    assert is_too_good(0.97, 0.91, clear, item, perfect=1.0)
    assert not is_too_good(0.94, 0.88, clear, item, perfect=1.0)
    unclear = PairedDifference("accuracy", Interval(0.06, -0.03, 0.09, 50, 2000, 0.95), "cannot tell")
    assert not is_too_good(0.97, 0.91, unclear, item, perfect=1.0)
