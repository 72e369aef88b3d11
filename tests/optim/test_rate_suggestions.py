"""Suggestions of a sweep against fastai's own loops, written out; and what must not change them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.optim.rate_suggestions import minimum_tenth, smooth_losses, steepest, valley

LOSSES = st.lists(st.integers(0, 40).map(lambda n: n / 8), min_size=2, max_size=40)


def rates_of(losses: list[float]) -> np.ndarray:
    return np.logspace(-6, 0, len(losses))


def fastai_valley(rates: np.ndarray, losses: list[float]) -> float:
    """fastai/callback/schedule.py, `valley`, loop by loop."""
    n = len(losses)
    max_end, longest = 0, [1] * n
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                longest[i] = longest[j] + 1
            if longest[max_end] < longest[i]:
                max_end = i
    max_start = max_end - longest[max_end]
    sections = (max_end - max_start) / 3
    return float(rates[max_start + int(sections) + int(sections / 2)])


@pytest.mark.slow
@given(LOSSES)
def test_the_valley_is_fastais(losses: list[float]) -> None:
    found = valley(rates_of(losses), np.array(losses))
    if all(later >= earlier for n, earlier in enumerate(losses) for later in losses[n:]):
        assert found is None
    else:
        assert found == fastai_valley(rates_of(losses), losses)


@pytest.mark.slow
@given(LOSSES)
def test_the_steepest_is_the_smallest_slope_over_the_log(losses: list[float]) -> None:
    rates = rates_of(losses)
    slopes = [
        (losses[n + 1] - losses[n]) / (math.log(rates[n + 1]) - math.log(rates[n])) for n in range(len(losses) - 1)
    ]
    found = steepest(rates, np.array(losses))
    assert found is None if min(slopes) >= 0 else slopes[list(rates).index(found)] == pytest.approx(min(slopes))


def test_a_tenth_of_the_lowest() -> None:
    assert minimum_tenth(np.array([0.1, 0.2, 0.4]), np.array([3.0, 1.0, 2.0])) == pytest.approx(0.02)


@pytest.mark.slow
@given(LOSSES)
def test_the_scale_of_the_loss_changes_nothing(losses: list[float]) -> None:
    rates, values = rates_of(losses), np.array(losses)
    for suggest in (valley, steepest, minimum_tenth):
        assert suggest(rates, values) == suggest(rates, 4 * values + 2)


def test_smoothing_is_the_weighted_mean_that_it_says() -> None:
    losses = np.random.default_rng(0).normal(size=20).tolist()
    for place, value in enumerate(smooth_losses(losses, beta=0.9)):
        weights = 0.9 ** np.arange(place, -1, -1)
        assert value == pytest.approx(np.average(losses[: place + 1], weights=weights))
