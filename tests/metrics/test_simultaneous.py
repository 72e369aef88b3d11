"""Levels of intervals that hold together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from podium.metrics.simultaneous import simultaneous_level


def test_independent_quantities_need_the_level_of_sidak() -> None:
    draws = np.random.default_rng(0).normal(size=(20_000, 5))
    assert simultaneous_level(draws, 0.9) == pytest.approx(0.9 ** (1 / 5), abs=0.004)


def test_correlated_quantities_need_less_and_hold_together() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(20_000, 1)) + 0.3 * rng.normal(size=(20_000, 6))
    level = simultaneous_level(draws, 0.95)
    assert 0.95 < level < 0.95 ** (1 / 6)
    reach = norm.ppf((1 + level) / 2) * draws.std(axis=0)
    assert (np.abs(draws) <= reach).all(axis=1).mean() == pytest.approx(0.95, abs=0.006)


def test_one_quantity_keeps_its_level_and_too_few_resamples_fall_back_on_bonferroni() -> None:
    assert simultaneous_level(np.random.default_rng(0).normal(size=(100, 1)), 0.95) == 0.95
    assert simultaneous_level(np.empty((0, 4)), 0.96) == pytest.approx(0.99)


def test_a_value_that_is_not_there_says_nothing() -> None:
    draws = np.random.default_rng(0).normal(size=(5000, 2))
    draws[:, 1] = np.nan
    assert simultaneous_level(draws, 0.9) == pytest.approx(0.9, abs=0.001)
