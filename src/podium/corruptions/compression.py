"""JPEG of low quality."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from podium.corruptions.corruption import Frame, Pixels

__all__ = ["QUALITY", "compress_as_jpeg"]

QUALITY = (25, 18, 15, 10, 7)


def compress_as_jpeg(pixels: Pixels, place: int, _rng: np.random.Generator, _frame: Frame) -> Pixels:
    """The image saved as JPEG of this quality and read again."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY[place])
    return np.array(Image.open(file))
