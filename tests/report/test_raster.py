from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from podium.report.drawing import Dot, Drawing, Line, Rect, Text, Trace
from podium.report.raster import as_png


def pixels(*drawings: Drawing) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(as_png("title", drawings))) as image:
        return np.asarray(image.convert("RGB"))


def test_shapes_lie_where_their_numbers_say() -> None:
    shapes = (Rect(10, 20, 30, 40, "bar"), Dot(80, 30, 10, "wrong"), Line(0, 90, 100, 90, "trace"))
    found = pixels(Drawing("", shapes, 100, 100))
    assert found.shape == (2 * (100 + 2 * 16 + 26), 2 * (100 + 2 * 16), 3)

    def colour(x: float, y: float) -> tuple[int, ...]:
        return tuple(found[round(2 * (y + 16 + 26)), round(2 * (x + 16))].tolist())

    assert colour(11, 21) == colour(39, 59) == (0x24, 0x56, 0xC7)
    assert colour(8, 21) == colour(42, 59) == colour(60, 80) == (255, 255, 255)
    assert colour(80, 38) == (0xA8, 0x56, 0x0A)
    assert colour(50, 90) == (0x24, 0x56, 0xC7)


def test_later_shapes_cover_earlier_ones() -> None:
    covered = pixels(Drawing("", (Line(0, 50, 100, 50, "trace"), Rect(20, 20, 60, 60, "wrong")), 100, 100))
    assert tuple(covered[2 * (50 + 42), 2 * (50 + 16)].tolist()) == (0xA8, 0x56, 0x0A)


def test_drawings_stand_side_by_side() -> None:
    one = Drawing("", (Rect(0, 0, 100, 100, "bar"),), 100, 100)
    both = pixels(one, one)
    assert both.shape[1] == 2 * (2 * 16 + 28 + 200)
    middle = both[2 * 92]
    assert (middle[2 * (16 + 50)] == middle[2 * (16 + 100 + 28 + 50)]).all()
    assert (middle[2 * (16 + 100 + 14)] == 255).all()


@pytest.mark.slow
def test_words_of_all_kinds_are_drawn() -> None:
    empty = pixels(Drawing("", (), 200, 60))
    for words in ("$\\frac{1}$", "a_b^c", "한국어 \U0001f600", "$x"):
        assert (pixels(Drawing("", (Text(100, 30, words),), 200, 60)) != empty).any()
    turned = pixels(Drawing("", (Text(100, 50, "wwwww", "start", turned=True),), 200, 60)) != empty
    rows, columns = turned.any(axis=2).nonzero()[:2]
    assert np.ptp(rows) > 2 * np.ptp(columns)


def test_the_same_drawing_gives_the_same_bytes() -> None:
    drawing = Drawing("", (Trace(((0, 0), (50, 20), (90, 5)), "line-7"), Text(5, 50, "words", "start")), 100, 60)
    assert as_png("t", [drawing]) == as_png("t", [drawing])
