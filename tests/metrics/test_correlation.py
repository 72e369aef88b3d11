"""Correlation agrees with scipy, and says nothing where there is nothing to say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from podium.metrics import correlate, correlation_with_interval


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_that_of_scipy(ties: bool) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 12))
    if ties:
        a, b = a.round(0), b.round(0)
    assert correlate(a, b) == pytest.approx(stats.pearsonr(a, b).statistic)
    assert correlate(a, b, "spearman") == pytest.approx(stats.spearmanr(a, b).statistic)
    both = correlate(np.stack([a, b]), np.stack([b, b]), "spearman")
    assert both == pytest.approx([stats.spearmanr(a, b).statistic, 1.0])


@pytest.mark.long
def test_the_interval_holds_the_value_and_narrows_with_pairs() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    y = x + 0.5 * rng.normal(size=200)
    few, many = (correlation_with_interval(x[:n].tolist(), y[:n].tolist()) for n in (8, 200))
    assert few.low <= few.value <= few.high
    assert many.high - many.low < few.high - few.low
    boot = stats.bootstrap((x, y), lambda a, b: stats.pearsonr(a, b).statistic, paired=True, vectorized=False, rng=0)
    assert many.low == pytest.approx(boot.confidence_interval.low, abs=0.02)


def test_two_pairs_and_constants_have_none() -> None:
    assert math.isnan(correlation_with_interval([0.1, 0.2], [0.3, 0.4]).value)
    flat = correlation_with_interval([0.9, 0.9, 0.9], [0.1, 0.2, 0.3])
    assert math.isnan(flat.value)
    assert not flat.has_bounds
