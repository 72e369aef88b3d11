from __future__ import annotations

import numpy as np
import pytest

from podium.demo.drawing import Stroke, draw_letter
from podium.demo.fonts import FAMILIES, FONT_FILES, find_face, load_font
from podium.demo.glyphs import LETTERS, MADE_UP_SLANT, MADE_UP_WEIGHT
from podium.errors import StorageError


def draw(family: str, letter: str, *, is_bold: bool, is_oblique: bool) -> np.ndarray:
    face = find_face(family, is_bold=is_bold, is_oblique=is_oblique)
    stroke = Stroke(face.file, 60, thicken=MADE_UP_WEIGHT * face.needs_weight, shear=MADE_UP_SLANT * face.needs_slant)
    return draw_letter(letter, stroke, size_px=112, centre=(56, 56))


def lean(ink: np.ndarray) -> float:
    """Shift to the right per pixel of height: the slope of the second moments."""
    y, x = np.mgrid[: len(ink), : len(ink)].astype(float)
    x, y = x - np.average(x, weights=ink), np.average(y, weights=ink) - y
    return float((ink * x * y).sum() / (ink * y * y).sum())


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_bold_has_more_ink_and_oblique_leans(family: str, letter: str) -> None:
    for flag in (False, True):
        normal = draw(family, letter, is_bold=False, is_oblique=flag)
        bold = draw(family, letter, is_bold=True, is_oblique=flag)
        assert bold.sum() > 1.15 * normal.sum()
        upright = draw(family, letter, is_bold=flag, is_oblique=False)
        oblique = draw(family, letter, is_bold=flag, is_oblique=True)
        assert lean(oblique) - lean(upright) > 0.08


@pytest.mark.parametrize("file", FONT_FILES)
def test_every_font_has_all_capitals(file: str) -> None:
    font = load_font(file, 40)
    shapes = {bytes(font.getmask(letter)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    assert len(shapes) == 26


def test_font_that_is_not_there_says_where_it_was_sought() -> None:
    with pytest.raises(StorageError, match=r"none\.ttf"):
        load_font("none.ttf", 10)
