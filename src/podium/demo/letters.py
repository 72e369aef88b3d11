"""The multi-label contest: letters strewn over a noisy image; say which ones are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.demo.contest import (
    SAMPLE_SUBMISSION,
    TEST_ANSWERS,
    TRAIN_TABLE,
    Contest,
    encode_table,
    make_test_name,
)
from podium.demo.drawing import Stroke, draw_letter, encode_png, smooth_noise
from podium.demo.fonts import FONT_FILES

__all__ = ["LETTERS", "STREWN_LETTERS", "make_letters"]

# No turn by 30 degrees and no mirror makes one of these letters into another.
LETTERS = tuple("aegmostx")
SIZE_PX = 128
_N_TRAIN_DRAWERS, _N_TEST_DRAWERS, _N_IMAGES_EACH = 40, 10, 15
_FEWEST, _MOST = 2, 6
_STREAM = 1  # keeps the random numbers apart from those of the other data set


@dataclass(frozen=True)
class _Drawer:
    """What all images of one drawer have in common."""

    file: str
    height_px: float
    thicken: float
    shear: float
    stretch: float
    wave: float
    paper: float
    ink: float


def make_letters(seed: int) -> dict[str, bytes]:
    """40 drawers to learn from and 10 others to predict, 15 images each.

    Args:
        seed: Decides everything.
    """
    content: dict[str, bytes] = {}
    train: list[list[object]] = []
    test: list[list[object]] = []
    for number in range(_N_TRAIN_DRAWERS + _N_TEST_DRAWERS):
        drawer = _make_drawer(seed, number)
        for shot in range(_N_IMAGES_EACH):
            index = number * _N_IMAGES_EACH + shot
            pixels, shown = _draw_image(drawer, np.random.default_rng([seed, _STREAM, number, shot]))
            labels = [int(letter in shown) for letter in LETTERS]
            if number < _N_TRAIN_DRAWERS:
                content[f"train/{index:05d}.png"] = encode_png(pixels)
                train.append([f"{index:05d}", f"drawer{number:02d}", *labels])
            else:
                name = make_test_name("letters", seed, str(index))
                content[f"test/{name}.png"] = encode_png(pixels)
                test.append([name, *labels])
    test.sort(key=lambda row: str(row[0]))
    blank = [[row[0], *[0] * len(LETTERS)] for row in test]
    content[TRAIN_TABLE] = encode_table(["index", "drawer", *LETTERS], train)
    content[SAMPLE_SUBMISSION] = encode_table(["index", *LETTERS], blank)
    content[TEST_ANSWERS] = encode_table(["index", *LETTERS], test)
    return content


def _make_drawer(seed: int, number: int) -> _Drawer:
    rng = np.random.default_rng([seed, _STREAM, number])
    is_board = rng.random() < 0.5
    return _Drawer(
        file=FONT_FILES[int(rng.integers(len(FONT_FILES)))],
        height_px=float(rng.uniform(28, 35)),
        thicken=float(rng.uniform(0.0, 0.04)),
        shear=float(rng.uniform(-0.1, 0.25)),
        stretch=float(rng.uniform(0.9, 1.15)),
        wave=float(rng.uniform(0.0, 0.03)),
        paper=float(rng.uniform(0.12, 0.25) if is_board else rng.uniform(0.7, 0.85)),
        ink=float(rng.uniform(0.8, 1.0) if is_board else rng.uniform(0.0, 0.2)),
    )


def _draw_image(drawer: _Drawer, rng: np.random.Generator) -> tuple[NDArray[np.float64], set[str]]:
    """An image, shape (H, W) in [0, 1], and the labels of the letters in it."""
    n_letters = int(rng.integers(_FEWEST, _MOST + 1))
    shown = [str(letter) for letter in rng.choice(LETTERS, size=n_letters, replace=False)]
    pixels = drawer.paper + 0.08 * smooth_noise(rng, SIZE_PX, 3) + 0.05 * smooth_noise(rng, SIZE_PX, 16)
    for letter, centre in zip(shown, _strew(n_letters, rng), strict=True):
        stroke = Stroke(
            file=drawer.file,
            height_px=drawer.height_px * float(rng.uniform(0.9, 1.1)),
            thicken=drawer.thicken,
            shear=drawer.shear,
            turn_deg=float(rng.uniform(-30, 30)),
            stretch=drawer.stretch,
            wave=drawer.wave,
            phase=float(rng.uniform(0, 2 * np.pi)),
        )
        ink = draw_letter(letter.upper(), stroke, size_px=SIZE_PX, centre=centre) * float(rng.uniform(0.8, 1.0))
        pixels = pixels * (1 - ink) + drawer.ink * ink
    pixels = pixels + rng.normal(0, 0.05, pixels.shape)
    salt = rng.random(pixels.shape)
    pixels = np.where(salt < 0.006, 0.0, np.where(salt > 0.994, 1.0, pixels))
    return pixels, set(shown)


def _strew(n_places: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places that lie far apart: each the best of a few random ones."""
    places = np.empty((n_places, 2))
    for number in range(n_places):
        tries = rng.uniform(22, SIZE_PX - 22, size=(24, 2))
        gaps = np.linalg.norm(tries[:, None] - places[None, :number], axis=2).min(axis=1, initial=np.inf)
        places[number] = tries[int(np.argmax(gaps))]
    return [(float(x), float(y)) for x, y in places]


STREWN_LETTERS = Contest(
    title="Letters strewn over a noisy image",
    about=(
        "Grey images of 128x128 pixels with two to six different letters each, drawn here from a seed by 50"
        " drawers with their own font, stroke and paper. Licence: made on the spot, free of any; the fonts are those"
        " that matplotlib ships."
    ),
    scan_options={
        "labels": TRAIN_TABLE,
        "image_column": "index",
        "label_columns": LETTERS,
        "label_kind": "multi",
        "group": "drawer",
    },
    make_files=make_letters,
)
"""The contest as it is shown and scanned."""
