"""A corruption: a function of an image, a severity and random numbers that belong to the image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.images import Fit

__all__ = ["SEVERITIES", "Corruption", "Frame", "random_for", "scale_of"]

Pixels = NDArray[np.uint8]
SEVERITIES = (1, 2, 3, 4, 5)
_SIDE_PX = 224.0
"""Shorter side of the images that ImageNet-C gives lengths for."""


@dataclass(frozen=True)
class Frame:
    """The size that an image is brought to after it is corrupted.

    Args:
        height: Rows.
        width: Columns.
        fit: How an image is brought to that shape.
    """

    height: int
    width: int
    fit: Fit = "stretch"


@dataclass(frozen=True)
class Corruption:
    """One way to spoil an image.

    Args:
        name: Its name.
        family: What it is like: "blur", "noise", "light", "compression", "scale" or "geometry".
        levels: What each of the five severities means, in words.
        change: The corrupted image (H, W, 3) from an image, the place of the severity from 0, random numbers and the
            frame. The random numbers start anew at every severity, so that severities of one image resemble each other.
        source: The paper that defines it.
        resizes: Whether it is the resizing itself, which then stands in the place of the run's own.
    """

    name: str
    family: str
    levels: tuple[str, str, str, str, str]
    change: Callable[[Pixels, int, np.random.Generator, Frame], Pixels]
    source: str
    resizes: bool = False

    def apply(self, pixels: Pixels, severity: int, *, seed: int, image_id: str, frame: Frame) -> Pixels:
        """The image corrupted, uint8 (H, W, 3): the same for the same severity, seed and id.

        Args:
            pixels: Upright RGB, uint8 (H, W, 3).
            severity: 1 to 5.
            seed: Seed of all random numbers.
            image_id: The image they belong to.
            frame: What the image is brought to afterwards.
        """
        return self.change(pixels, severity - 1, random_for(seed, self.name, image_id), frame)


def random_for(seed: int, name: str, image_id: str) -> np.random.Generator:
    """Random numbers of one image under one corruption, whatever else is corrupted and in which order.

    Example:
        >>> first, again = (random_for(0, "shot_noise", "a.jpg").random() for _ in range(2))
        >>> first == again, first == random_for(0, "shot_noise", "b.jpg").random()
        (True, False)
    """
    text = f"{seed}\0{name}\0{image_id}".encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little"))


def scale_of(pixels: Pixels) -> float:
    """Factor from lengths at 224 px to lengths in this image, by its shorter side."""
    return float(min(pixels.shape[:2]) / _SIDE_PX)
