"""Geometry: a part hidden, and a camera that is not level."""

from __future__ import annotations

import cv2
import numpy as np

from podium.corruptions.corruption import Frame, Pixels

__all__ = ["DEGREES", "HIDDEN", "hide_part", "turn"]

HIDDEN = (0.05, 0.1, 0.2, 0.3, 0.4)
DEGREES = (3, 6, 9, 12, 15)
_GREY = 127


def hide_part(pixels: Pixels, place: int, rng: np.random.Generator, _frame: Frame) -> Pixels:
    """A grey rectangle with the image's shape over this share of it, somewhere inside."""
    side = HIDDEN[place] ** 0.5
    height, width = (max(1, round(length * side)) for length in pixels.shape[:2])
    down, across = rng.random(2)
    top, left = round(down * (pixels.shape[0] - height)), round(across * (pixels.shape[1] - width))
    hidden = pixels.copy()
    hidden[top : top + height, left : left + width] = _GREY
    return hidden


def turn(pixels: Pixels, place: int, rng: np.random.Generator, _frame: Frame) -> Pixels:
    """The image turned about its middle, to either side; corners are filled by reflection."""
    height, width = pixels.shape[:2]
    degrees = DEGREES[place] * (1 if rng.random() < 0.5 else -1)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turned = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(turned, dtype=np.uint8)
