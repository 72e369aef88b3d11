"""Scale: details lost by a smaller copy, and resizing by another kernel than the one that a run was trained with."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from PIL import Image

from podium.corruptions.corruption import Frame, Pixels

__all__ = ["KERNELS", "SHRINK_TO", "resize_otherwise", "shrink_and_enlarge", "shrinker"]

SHRINK_TO = (0.6, 0.5, 0.4, 0.3, 0.25)
_SIDE_PX = 224
_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
}
KERNELS = ("lanczos", "bicubic", "box", "bilinear without antialiasing", "nearest")
"""From nearly the run's own resizing to the one that differs most."""


def shrink_and_enlarge(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame, *, kernel: str) -> Pixels:
    """A copy of this share of 224 px, or of the image where its shorter side is less, brought back to the old size."""
    height, width = pixels.shape[:2]
    short = min(height, width)
    factor = SHRINK_TO[place] * min(short, _SIDE_PX) / short
    size = max(1, round(width * factor)), max(1, round(height * factor))
    image, how = Image.fromarray(pixels), _FILTERS[kernel]
    return np.array(image.resize(size, how).resize((width, height), how))


def shrinker(kernel: str) -> partial[Pixels]:
    """`shrink_and_enlarge` by one kernel."""
    return partial(shrink_and_enlarge, kernel=kernel)


def resize_otherwise(pixels: Pixels, place: int, _rng: np.random.Generator, frame: Frame) -> Pixels:
    """The image at the size of the frame by another kernel; resizing it again then changes nothing."""
    height, width = pixels.shape[:2]
    rows, columns = frame.height, frame.width
    if frame.fit == "crop":
        kept = (
            (max(1, round(width * rows / columns)), width)
            if height * columns > width * rows
            else (height, max(1, round(height * columns / rows)))
        )
        top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
        pixels = pixels[top : top + kept[0], left : left + kept[1]]
    elif frame.fit == "pad":
        scale = min(rows / height, columns / width)
        rows, columns = min(rows, max(1, round(height * scale))), min(columns, max(1, round(width * scale)))
    kernel = KERNELS[place]
    if kernel not in _FILTERS:
        resized = cv2.resize(np.ascontiguousarray(pixels), (columns, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, dtype=np.uint8)
    return np.array(Image.fromarray(np.ascontiguousarray(pixels)).resize((columns, rows), _FILTERS[kernel]))
