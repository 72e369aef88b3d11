from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.report.axis import UNIT, fit_axis

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-4)


@pytest.mark.slow
@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_every_value_is_on_the_scale_and_ticks_are_even(values: list[float]) -> None:
    axis = fit_axis(values)
    room = 1e-6 * max(1.0, abs(axis.low), abs(axis.high))
    assert axis.low - room <= min(values) <= max(values) <= axis.high + room
    steps = [b - a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert min(steps) > 0
    assert max(steps) == pytest.approx(min(steps))
    labels = [axis.label(tick) for tick in axis.ticks]
    assert len(set(labels)) == len(labels)


def test_places_are_percent_and_stay_on_the_scale() -> None:
    assert [UNIT.place(value) for value in (-1.0, 0.0, 0.25, 1.0, 9.0)] == [0.0, 0.0, 25.0, 100.0, 100.0]


def test_one_value_gets_room_but_no_share_over_one() -> None:
    assert fit_axis([1.0], within=(0, 1)).high == 1.0
    assert fit_axis([0.0], within=(0, 1)).low == 0.0
    assert fit_axis([5.0]).low < 5 < fit_axis([5.0]).high


def test_what_is_not_finite_is_passed_over() -> None:
    assert fit_axis([math.nan, math.inf, 0.62, 0.97]) == fit_axis([0.62, 0.97])
    assert fit_axis([math.nan]) == fit_axis([0.0, 1.0])
