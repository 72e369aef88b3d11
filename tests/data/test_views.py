"""Evaluation views against NumPy and Pillow."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from podium.data.views import eval_batch
from podium.errors import UnknownNameError
from tiny.augmented import STORED, augment, smooth_images


@pytest.mark.parametrize(
    ("view", "reference"),
    [
        ("plain", lambda image: image),
        ("hflip", lambda image: image[:, ::-1]),
        ("vflip", lambda image: image[::-1]),
        ("rot90", lambda image: np.rot90(image, 1)),
        ("rot180", lambda image: np.rot90(image, 2)),
        ("rot270", lambda image: np.rot90(image, 3)),
    ],
)
def test_views(view: typing.Any, reference: typing.Any) -> None:
    square = smooth_images(5, 20, 20)
    out = np.empty((2, 20, 20, 3), np.uint8)
    assert np.array_equal(eval_batch(square, np.array([4, 1]), out, view), [reference(square[4]), reference(square[1])])


@pytest.mark.parametrize(
    ("view", "turn"),
    [
        ("plain", None),
        ("hflip", Image.Transpose.FLIP_LEFT_RIGHT),
        ("vflip", Image.Transpose.FLIP_TOP_BOTTOM),
        ("rot90", Image.Transpose.ROTATE_90),
        ("rot180", Image.Transpose.ROTATE_180),
        ("rot270", Image.Transpose.ROTATE_270),
    ],
)
@pytest.mark.parametrize("size", [(28, 20), (20, 28)])
def test_views_of_rectangles_are_turned_by_pillow_and_stretched_back(
    view: typing.Any, turn: typing.Any, size: tuple[int, int]
) -> None:
    stored = smooth_images(3, *size)
    out = np.empty((3, *size, 3), np.uint8)
    eval_batch(stored, np.arange(3), out, view)
    for image, got in zip(stored, out, strict=True):
        turned = Image.fromarray(image) if turn is None else Image.fromarray(image).transpose(turn)
        wanted = np.asarray(turned.resize(size[::-1], Image.Resampling.BILINEAR)).astype(int)
        difference = np.abs(wanted - got)
        assert difference.max() <= 12  # Pillow averages where a side shrinks, we read bilinearly up to 1.5 times
        assert difference.mean() <= 1.5
        if turn not in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270):
            assert np.array_equal(wanted, got)


def test_plain_view_is_training_without_augmentation() -> None:
    out = np.empty((64, 15, 18, 3), np.uint8)
    assert np.array_equal(eval_batch(STORED, np.arange(64), out), augment([], (15, 18)))


def test_unknown_view_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="hflip"):
        eval_batch(STORED, np.arange(1), np.empty((1, 4, 4, 3), np.uint8), "hfilp")  # type: ignore[arg-type]


def test_threads_change_no_bit() -> None:
    rows = np.array([5, 0, 63, 5, 7])
    alone = eval_batch(STORED, rows, np.empty((5, 11, 13, 3), np.uint8), "rot90")
    with ThreadPoolExecutor(3) as pool:
        shared = eval_batch(STORED, rows, np.empty((5, 11, 13, 3), np.uint8), "rot90", pool=pool, n_parts=3)
    assert np.array_equal(alone, shared)
    assert np.array_equal(alone[0], alone[3])


def test_the_buffer_is_returned_and_an_empty_batch_is_fine() -> None:
    out = np.empty((2, 24, 32, 3), np.uint8)
    assert eval_batch(STORED, np.array([1, 2]), out, "vflip") is out
    nothing = np.empty((0, 24, 32, 3), np.uint8)
    assert eval_batch(STORED, np.zeros(0, int), nothing) is nothing
