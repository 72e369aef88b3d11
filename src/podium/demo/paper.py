"""Manners of painting a letter: ink on paper, chalk on a board, neon, a stamp, a blueprint."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from podium.demo.drawing import smooth_noise

__all__ = ["STYLES", "paint"]

STYLES = ("ink", "chalk", "neon", "stamp", "blueprint")


def paint(ink: NDArray[np.float32], style: str, hue: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A coloured image of a letter.

    Args:
        ink: Coverage by the letter, shape (H, W) in [0, 1].
        style: One of `STYLES`.
        hue: Leading hue in [0, 1]; that of the ground is another.
        rng: Source of all noise.

    Returns:
        Shape (H, W, 3), about [0, 1].
    """
    side = len(ink)
    hue = hue + float(rng.uniform(-0.05, 0.05))
    clouds = smooth_noise(rng, side, 2) + 0.4 * smooth_noise(rng, side, 9)
    grain = rng.normal(0, 1, (side, side))
    if style == "ink":
        ground, colour = _colour(hue + 0.45, 0.12, 0.93), _colour(hue, 0.8, 0.3)
        return _blend(_shade(ground, 0.05 * clouds + 0.02 * grain), colour, ink)
    if style == "chalk":
        ground, colour = _colour(hue, 0.35, 0.28), _colour(hue + 0.3, 0.12, 0.97)
        worn = ink * np.clip(0.85 + 0.35 * grain, 0.25, 1)
        return _blend(_shade(ground, 0.05 * clouds + 0.025 * grain), colour, worn)
    if style == "neon":
        ground, colour = _colour(hue + 0.55, 0.7, 0.16), _colour(hue, 0.55, 1.0)
        lit = _blend(_shade(ground, 0.04 * clouds + 0.02 * grain), _colour(hue, 0.9, 0.9), 0.65 * _blur(ink, 5))
        return _blend(lit, colour, ink)
    if style == "stamp":
        ground, colour = _colour(hue + 0.5, 0.06, 0.88), _colour(hue, 0.85, 0.75)
        patchy = ink * np.clip(0.85 + 0.5 * smooth_noise(rng, side, 14), 0.2, 1)
        return _blend(_shade(ground, 0.06 * clouds + 0.03 * grain), colour, patchy)
    ground, colour = _colour(0.6 + 0.1 * (hue - 0.5), 0.75, 0.55), _colour(hue, 0.05, 0.95)
    return _blend(_shade(_ruled(ground, side, rng), 0.05 * clouds + 0.02 * grain), colour, ink)


def _colour(hue: float, saturation: float, value: float) -> NDArray[np.float64]:
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value))


def _shade(ground: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
    """A ground, shape (3,) or (H, W, 3), made lighter and darker from place to place."""
    return ground + change[..., None]


def _blend(
    ground: NDArray[np.float64], colour: NDArray[np.float64], cover: NDArray[np.floating]
) -> NDArray[np.float64]:
    return np.asarray(ground * (1 - cover[..., None]) + colour * cover[..., None])


def _blur(ink: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    image = Image.fromarray(np.rint(ink * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / np.float32(255)


def _ruled(ground: NDArray[np.float64], side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A ground with a grid of thin lines, as on millimetre paper."""
    step = int(rng.integers(10, 15))
    x, y = rng.integers(step, size=2)
    at = np.arange(side)
    lines = ((at + x) % step == 0)[None, :] | ((at + y) % step == 0)[:, None]
    return np.asarray(ground + 0.14 * lines[..., None])
