"""Light: brighter, darker, flatter."""

from __future__ import annotations

import cv2
import numpy as np

from podium.corruptions.corruption import Frame, Pixels
from podium.corruptions.noise import to_bytes

__all__ = ["BRIGHTER", "CONTRAST", "brighten", "darken", "flatten"]

BRIGHTER = (0.1, 0.2, 0.3, 0.4, 0.5)
CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)


def brighten(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """A share of the range added to the value (HSV)."""
    return _move_value(pixels, BRIGHTER[place])


def darken(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """A share of the range taken from the value (HSV)."""
    return _move_value(pixels, -BRIGHTER[place])


def _move_value(pixels: Pixels, by: float) -> Pixels:
    hsv = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 2] = np.clip(hsv[..., 2] + by, 0, 1)
    return to_bytes(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def flatten(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """Distances from the mean colour made smaller by a factor."""
    values = pixels.astype(np.float32) / 255
    mean = values.mean(axis=(0, 1), keepdims=True)
    return to_bytes((values - mean) * np.float32(CONTRAST[place]) + mean)
