"""Room around boxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.regions import pad_box
from podium.regions.padding import read_padding

SIDE = st.one_of(st.integers(0, 50).map(float), st.floats(0, 0.99))


@pytest.mark.slow
@given(st.tuples(*[st.integers(0, 99)] * 4), st.one_of(SIDE, st.tuples(SIDE, SIDE, SIDE, SIDE)))
def test_a_padded_box_holds_the_box_and_stays_inside_the_picture(
    corners: tuple[int, int, int, int], pad: float | tuple[float, float, float, float]
) -> None:
    x0, y0, x1, y1 = corners[0], corners[1], corners[0] + corners[2] + 1, corners[1] + corners[3] + 1
    width, height = x1 + 3, y1 + 3
    left, top, right, bottom = pad_box((x0, y0, x1, y1), pad, (width, height))
    assert 0 <= left <= x0 < x1 <= right <= width
    assert 0 <= top <= y0 < y1 <= bottom <= height


def test_pixels_and_fractions_by_side() -> None:
    assert pad_box((50, 60, 90, 80), (0.5, 5, 0, 0.1), (200, 200)) == (30, 55, 90, 82)


@pytest.mark.parametrize("value", [-1, 1.5, "20", [1, 2], [1, 2, 3, -4], True, None])
def test_what_is_no_padding_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="padding"):
        read_padding(value)
