"""Division whose empty cases have a value."""

from __future__ import annotations

import numpy as np
import pytest

from podium.metrics.ratio import divide


def test_it_is_true_division_where_the_denominator_is_not_zero() -> None:
    rng = np.random.default_rng(0)
    top, bottom = rng.normal(size=(5, 7)), rng.normal(size=7)
    np.testing.assert_array_equal(divide(top, bottom, otherwise=9.0), top / bottom)


@pytest.mark.parametrize("otherwise", [0.0, 1.0, np.nan])
def test_zero_denominators_give_the_value_asked_for(otherwise: float) -> None:
    got = divide(np.array([0.0, 5.0, -5.0, 3.0]), np.array([0.0, 0.0, 0.0, 2.0]), otherwise=otherwise)
    np.testing.assert_array_equal(got, [otherwise, otherwise, otherwise, 1.5])


def test_integers_divide_as_floats_and_shapes_broadcast() -> None:
    got = divide(np.array([[1], [3]]), np.array([2, 0, 4]), otherwise=-1.0)
    assert got.dtype == np.float64
    assert got.tolist() == [[0.5, -1.0, 0.25], [1.5, -1.0, 0.75]]


def test_inputs_stay_as_they_are_and_empty_stays_empty() -> None:
    top, bottom = np.array([1.0, 2.0]), np.array([0.0, 2.0])
    divide(top, bottom, otherwise=0.0)
    assert (top.tolist(), bottom.tolist()) == ([1.0, 2.0], [0.0, 2.0])
    assert divide(np.zeros((0, 3)), np.zeros((0, 3)), otherwise=0.0).shape == (0, 3)
