from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from podium.errors import UnknownNameError, UsageError
from podium.images import resize_to

SIDES = st.integers(1, 40)


def make_picture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1)))


def pillow(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.BILINEAR))


@pytest.mark.parametrize(
    ("old", "new"), [((213, 320), (128, 128)), ((160, 160), (224, 224)), ((90, 70), (60, 200)), ((50, 50), (50, 50))]
)
def test_stretch_is_near_pillows_antialiased_bilinear(old: tuple[int, int], new: tuple[int, int]) -> None:
    pixels = make_picture(*old)
    difference = np.abs(resize_to(pixels, *new).astype(int) - pillow(pixels, *new))
    assert difference.mean() <= 1


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["stretch", "crop", "pad"]))
def test_any_size_to_any_size(height: int, width: int, new_height: int, new_width: int, fit: str) -> None:
    pixels = np.full((height, width, 3), (9, 90, 190), np.uint8)
    resized = resize_to(pixels, new_height, new_width, fit, pad_colour=(9, 90, 190))
    assert resized.shape == (new_height, new_width, 3)
    assert resized.dtype == np.uint8
    assert resized.flags.c_contiguous
    assert (resized == (9, 90, 190)).all()


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize_to(stripes, 16, 16).astype(int) - 127).max() <= 16  # without it: 0 or 255


def test_crop_takes_the_centre() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (resize_to(pixels, 10, 10, "crop") == 200).all()
    assert (resize_to(pixels.swapaxes(0, 1), 10, 10, "crop") == 200).all()


def assert_near(actual: np.ndarray, expected: np.ndarray, mean: float = 1.0, most: int = 12) -> None:
    difference = np.abs(actual.astype(int) - expected)
    assert difference.mean() <= mean
    assert difference.max() <= most


def test_crop_is_pillow_of_the_centre() -> None:
    pixels = make_picture(100, 150)
    assert_near(resize_to(pixels, 50, 50, "crop"), pillow(pixels[:, 25:125], 50, 50))
    np.testing.assert_array_equal(resize_to(pixels, 50, 50, "crop"), resize_to(pixels[:, 25:125], 50, 50))


def test_pad_keeps_everything_and_fills_the_borders() -> None:
    pixels = make_picture(40, 80)
    padded = resize_to(pixels, 32, 32, "pad", pad_colour=(1, 2, 3))
    assert_near(padded[8:24], pillow(pixels, 16, 32))
    np.testing.assert_array_equal(padded[8:24], resize_to(pixels, 16, 32))
    assert (padded[:8] == (1, 2, 3)).all()
    assert (padded[24:] == (1, 2, 3)).all()


def test_wrong_arguments() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(UnknownNameError, match="stretch"):
        resize_to(pixels, 2, 2, "sqash")  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        resize_to(pixels, 0, 2)
    for wrong in (pixels[:, :, 0], pixels.astype(np.float32), pixels[:0], np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(UsageError):
            resize_to(wrong, 2, 2)
