"""Noise of a sensor: of its electronics, and of few photons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.corruptions.corruption import Frame, Pixels

__all__ = ["GAUSSIAN_SD", "PHOTONS", "add_gaussian_noise", "add_shot_noise", "to_bytes"]

GAUSSIAN_SD = (0.08, 0.12, 0.18, 0.26, 0.38)
PHOTONS = (60, 25, 12, 5, 3)


def to_bytes(values: NDArray[np.floating]) -> Pixels:
    """Values in [0, 1], cut to it and rounded, as uint8."""
    return np.asarray(np.clip(values * 255, 0, 255).round(), dtype=np.uint8)


def add_gaussian_noise(pixels: Pixels, place: int, rng: np.random.Generator, _frame: Frame) -> Pixels:
    """Normal noise of each value, whose standard deviation is a share of the range."""
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    return to_bytes(pixels / np.float32(255) + np.float32(GAUSSIAN_SD[place]) * noise)


def add_shot_noise(pixels: Pixels, place: int, rng: np.random.Generator, _frame: Frame) -> Pixels:
    """Poisson noise: each value is a count of photons, of which white has so many on average."""
    n = PHOTONS[place]
    return to_bytes(rng.poisson(pixels * (n / 255)) / n)
