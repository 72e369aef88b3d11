"""Masks drawn by code, as stickers that need no file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.regions.sticker import Sticker

__all__ = ["OWN_STICKERS", "draw_mask"]

_WIDTH, _HEIGHT, _FINE = 240, 180, 4
OWN_STICKERS: dict[str, tuple[tuple[int, int, int], int]] = {
    "surgical": ((120, 170, 215), 3),
    "cloth": ((45, 45, 50), 1),
}
"""Name to colour, and number of pleats."""


def draw_mask(name: str) -> Sticker:
    """A mask: a cushion with pleats and two straps; `name` is one of `OWN_STICKERS`.

    Example:
        >>> draw_mask("surgical").pixels.shape
        (180, 240, 4)
    """
    colour, n_pleats = OWN_STICKERS[name]
    pixels = np.zeros((_HEIGHT * _FINE, _WIDTH * _FINE, 4), np.uint8)
    for y0, y1 in ((0.22, 0.02), (0.62, 0.72)):  # straps, to both ears
        for side in (0, 1):
            ends = [(abs(side - 0.14), y0), (float(side), y1)]
            start, end = ((round(x * _WIDTH * _FINE), round(y * _HEIGHT * _FINE)) for x, y in ends)
            cv2.line(pixels, start, end, (*(min(255, c + 60) for c in colour), 255), 4 * _FINE, cv2.LINE_AA)
    outline = _outline()
    cv2.fillPoly(pixels, [outline], (*colour, 255), cv2.LINE_AA)
    for pleat in range(n_pleats):
        height = _HEIGHT * _FINE * (0.5 if n_pleats == 1 else 0.34 + 0.34 * pleat / (n_pleats - 1))
        x = np.arange(0.1, 0.9, 0.01) * _WIDTH * _FINE
        y = height + 10 * _FINE * (1 - (2 * x / (_WIDTH * _FINE) - 1) ** 2)
        cv2.polylines(
            pixels,
            [np.column_stack([x, y]).astype(np.int32)],
            False,
            (*(max(0, c - 35) for c in colour), 255),
            2 * _FINE,
        )
    inside = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(inside, [outline], 255, cv2.LINE_AA)
    pixels[..., 3] = np.maximum(pixels[..., 3], inside)
    shade = np.linspace(1.08, 0.85, len(pixels))[:, None, None]
    pixels[..., :3] = (pixels[..., :3] * shade).clip(0, 255).astype(np.uint8)
    small = cv2.resize(pixels, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    return Sticker(name, np.asarray(small, dtype=np.uint8))


def _outline() -> NDArray[np.int32]:
    """From the bridge of the nose round the cheeks to the chin."""
    shares = [(0.10, 0.17), (0.30, 0.10), (0.50, 0.0), (0.70, 0.10), (0.90, 0.17), (0.90, 0.62), (0.76, 0.88)]
    shares += [(0.50, 1.0), (0.24, 0.88), (0.10, 0.62)]
    return np.round(np.array(shares) * [_WIDTH * _FINE, _HEIGHT * _FINE]).astype(np.int32)
