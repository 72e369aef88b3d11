from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from podium.demo.drawing import Stroke, draw_letter, encode_png, smooth_noise

PLAIN = Stroke("DejaVuSans.ttf", height_px=40)
MIDDLE = (48.0, 48.0)


def draw(letter: str, stroke: Stroke = PLAIN, centre: tuple[float, float] = MIDDLE) -> np.ndarray:
    return draw_letter(letter, stroke, size_px=96, centre=centre)


def box(ink: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is inked."""
    rows, columns = np.nonzero(ink > 0.3)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_letter_has_the_height_asked_for_and_lies_in_the_middle() -> None:
    left, top, right, bottom = box(draw("H"))
    assert bottom - top == pytest.approx(40, abs=2)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx(MIDDLE, abs=1)


@pytest.mark.parametrize("letter", "AGR")
def test_quarter_turn_is_numpys(letter: str) -> None:
    turned = draw(letter, replace(PLAIN, turn_deg=90))
    assert np.abs(turned - np.rot90(draw(letter))).mean() < 0.01


def test_shift_by_whole_pixels_moves_the_same_mask() -> None:
    assert np.array_equal(draw("S", centre=(53.0, 41.0)), np.roll(draw("S"), (-7, 5), axis=(0, 1)))


def test_letter_over_the_border_is_cut_off_not_wrapped() -> None:
    whole, cut = draw("H"), draw("H", centre=(0.0, 48.0))
    assert np.array_equal(cut[:, :40], whole[:, 48:88])
    assert not cut[:, 48:].any()


def test_positive_shear_leans_to_the_right() -> None:
    left = [np.nonzero(row > 0.3)[0].mean() for row in draw("H", replace(PLAIN, shear=0.3)) if (row > 0.3).any()]
    assert left[0] - left[-1] == pytest.approx(0.3 * 40, abs=2)


def test_thicker_strokes_give_more_ink_and_wave_keeps_it() -> None:
    plain = draw("B").sum()
    assert draw("B", replace(PLAIN, thicken=0.05)).sum() > 1.3 * plain
    assert draw("B", replace(PLAIN, wave=0.03, phase=1.0)).sum() == pytest.approx(plain, rel=0.1)


def test_png_keeps_every_level() -> None:
    levels = np.arange(256).reshape(16, 16)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(levels / 255)))), levels)
    wild = Image.open(io.BytesIO(encode_png(np.array([[-3.0, 7.0]]))))
    assert np.asarray(wild).tolist() == [[0, 255]]


def test_clouds_are_smooth_and_centred() -> None:
    rng = np.random.default_rng(0)
    clouds = np.stack([smooth_noise(rng, 64, 4) for _ in range(200)])
    assert abs(clouds.mean()) < 0.05
    assert np.abs(np.diff(clouds, axis=1)).max() < 0.3
