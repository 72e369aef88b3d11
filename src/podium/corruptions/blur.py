"""Blur: of a lens, of a lens out of focus, of a hand that moves. Lengths are those of images of 224 px, and scale."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.corruptions.corruption import Frame, Pixels, scale_of

__all__ = ["DISK_RADIUS", "GAUSSIAN_SIGMA", "MOTION", "blur_by_motion", "blur_gaussian", "blur_out_of_focus", "disk"]

GAUSSIAN_SIGMA = (1, 2, 3, 4, 6)
DISK_RADIUS = (3, 4, 6, 8, 10)
MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
"""Radius, which cuts the trail off, and standard deviation."""
_MOST_ANGLE = math.pi / 4


def blur_gaussian(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """A Gaussian blur."""
    sigma = GAUSSIAN_SIGMA[place] * scale_of(pixels)
    side = 2 * math.ceil(4 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(pixels, (side, side), sigma), dtype=np.uint8)


def blur_out_of_focus(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """Every point becomes a disk."""
    return _filter(pixels, disk(DISK_RADIUS[place] * scale_of(pixels)))


def disk(radius: float) -> NDArray[np.float64]:
    """A disk of this radius in px that sums to 1; pixels on its edge count in part, where ImageNet-C blurs the edge."""
    reach = math.ceil(radius)
    across = np.arange(-reach, reach + 1)
    inside = np.clip(radius + 0.5 - np.hypot(across[:, None], across[None, :]), 0, 1)
    return np.asarray(inside / inside.sum())


def blur_by_motion(pixels: Pixels, place: int, rng: np.random.Generator, _frame: Frame) -> Pixels:
    """Every point becomes a trail that fades, in a direction of its own for each image, up to 45 degrees off level."""
    radius, sigma = (length * scale_of(pixels) for length in MOTION[place])
    return _filter(pixels, _trail(radius, sigma, rng.uniform(-_MOST_ANGLE, _MOST_ANGLE)))


def _trail(radius: float, sigma: float, angle: float) -> NDArray[np.float64]:
    """One half of a Gaussian along a line, as ImageMagick's motion blur, spread over the pixels it passes."""
    reach = math.ceil(2 * radius) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for at in np.arange(0, 2 * radius + 0.25, 0.25):
        x, y = reach + at * math.cos(angle), reach + at * math.sin(angle)
        left, top = int(x), int(y)
        weight = math.exp(-0.5 * (at / max(sigma, 1e-6)) ** 2)
        kernel[top : top + 2, left : left + 2] += weight * np.outer([1 - y + top, y - top], [1 - x + left, x - left])
    return np.asarray(kernel / kernel.sum())


def _filter(pixels: Pixels, kernel: NDArray[np.float64]) -> Pixels:
    return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.uint8)
