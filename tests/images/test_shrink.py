"""Shrinking stays near Pillow's antialiased bilinear filter: 1 of 255 on average, on photos and at every scale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from podium.images.shrink import _blur_kernel, shrink

SCALES = [1.05, 1.12, 1.25, 1.4, 1.6, 1.8, 2.0, 2.24, 2.5, 3.0, 3.5, 3.6, 4.0, 4.5, 5.3, 7.0, 8.0, 10.0]


def pillow(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def make_picture(height: int, width: int) -> np.ndarray:
    """Edges and fine noise over slow changes, as in a photo."""
    rng = np.random.default_rng(height * 1000 + width)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((width, height))
    fine = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    noise = np.asarray(fine.filter(ImageFilter.GaussianBlur(1.5)), dtype=float) - 128
    edges = 30 * np.sign(np.sin(np.arange(width) / 11))[None, :, None]
    return np.clip(np.asarray(coarse, dtype=float) + 0.5 * noise + edges, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("more", [0, 1])
def test_is_near_pillow(scale: float, more: int) -> None:
    side = 60
    pixels = make_picture(round(side * scale) + more, round(side * scale * 1.1) + more)
    difference = np.abs(shrink(pixels, side, side).astype(int) - pillow(pixels, side, side))
    assert difference.mean() <= 1.0
    assert difference.max() <= 40


@pytest.mark.shared
@pytest.mark.parametrize("side", [64, 128, 160, 224])
def test_photos_are_near_pillow(shared_data: Callable[[str], Path], side: int) -> None:
    paths = sorted(shared_data("imagenet_samples_1000").rglob("*.jpg"))[::25]
    means, most = [], 0
    for path in paths:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        difference = np.abs(shrink(pixels, side, side).astype(int) - pillow(pixels, side, side))
        means.append(difference.mean())
        most = max(most, int(difference.max()))
    assert np.mean(means) <= 1.0
    assert max(means) <= 3.0
    assert most <= 64


@pytest.mark.parametrize("old", [(37, 501), (501, 37), (7, 2000), (2000, 7), (1, 999), (40001, 3)])
def test_extreme_shapes_are_near_pillow(old: tuple[int, int]) -> None:
    pixels = make_picture(*old)
    difference = np.abs(shrink(pixels, 32, 32).astype(int) - pillow(pixels, 32, 32))
    assert difference.mean() <= 2.0


def test_fine_stripes_turn_grey() -> None:
    for period in (2, 4):
        stripes = np.zeros((400, 400, 3), np.uint8)
        stripes[:, ::period] = 255
        for scale in (4, 5, 8):
            small = shrink(stripes, 400 // scale, 400 // scale)
            assert np.abs(small.astype(int) - 255 // period).max() <= 20


@pytest.mark.slow
@given(st.floats(1.0, 3.5), st.floats(0.0, 0.08))
def test_kernels_keep_flat_colours(scale: float, variance: float) -> None:
    kernel = _blur_kernel(scale, variance)
    assert kernel.sum() == 1
    assert (kernel >= 0).all()
    assert np.array_equal(kernel, kernel[::-1])
    assert np.array_equal(kernel * 256, np.rint(kernel * 256))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 40), st.integers(1, 40))
def test_a_flat_image_stays_flat(height: int, width: int, new_height: int, new_width: int) -> None:
    pixels = np.full((height, width, 3), (9, 90, 190), np.uint8)
    assert (shrink(pixels, new_height, new_width) == (9, 90, 190)).all()
