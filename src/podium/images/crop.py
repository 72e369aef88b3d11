"""A part of an image, by a box that stays inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "crop"]

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the upright image; the last two are outside."""


def crop(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of an image (H, W, 3) in a box, without what lies outside of the image; at least one pixel.

    Example:
        >>> crop(np.zeros((40, 60, 3), np.uint8), (50, -10, 80, 20)).shape
        (20, 10, 3)
    """
    height, width = pixels.shape[:2]
    x0, y0 = min(max(0, box[0]), width - 1), min(max(0, box[1]), height - 1)
    x1, y1 = max(x0 + 1, min(box[2], width)), max(y0 + 1, min(box[3], height))
    return pixels[y0:y1, x0:x1]
