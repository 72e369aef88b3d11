"""Sharpness falls with blur and does not change with contrast."""

from __future__ import annotations

import cv2
import numpy as np

from podium.auditing import measure_looks


def test_blur_lowers_sharpness_and_dimming_does_not() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    dim = (image // 4 + 90).astype(np.uint8)
    blurred = [cv2.GaussianBlur(image, (0, 0), sigma) for sigma in (1, 2)]
    looks = measure_looks(np.stack([image, dim, *blurred]), np.array([True] * 4))
    assert np.isclose(looks.sharpness[0], looks.sharpness[1], rtol=0.02)
    assert (np.diff(looks.sharpness[[0, 2, 3]]) < 0).all()


def test_contrast_is_the_deviation_of_luma() -> None:
    rng = np.random.default_rng(0)
    pixels = np.stack([rng.integers(0, 256, (20, 30, 3), dtype=np.uint8), np.full((20, 30, 3), 7, np.uint8)])
    looks = measure_looks(pixels, np.array([True, True]))
    luma = pixels[0] @ np.array([0.299, 0.587, 0.114]) / 255
    assert np.isclose(looks.contrast[0], luma.std(), atol=0.003)
    assert (looks.contrast[1], looks.sharpness[1]) == (0.0, 0.0)


def test_unusable_images_have_no_looks() -> None:
    looks = measure_looks(np.zeros((2, 8, 8, 3), np.uint8), np.array([False, True]))
    assert np.isnan(looks.sharpness[0])
    assert looks.contrast[1] == 0
