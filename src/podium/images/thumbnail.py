"""Small JPEGs for reports."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from podium.errors import UsageError
from podium.images.resize import resize_to

__all__ = ["encode_jpeg_thumbnail"]


def encode_jpeg_thumbnail(pixels: NDArray[np.uint8], size_px: int = 160, quality: int = 80) -> bytes:
    """The image as a JPEG of at most `size_px` on its longer side. Smaller images are not enlarged.

    Args:
        pixels: Shape (H, W, 3), uint8, as a decode gives them.
        size_px: Longer side in pixels, at least 1.
        quality: JPEG quality, 1 to 95.

    Returns:
        The bytes of a JPEG file, without metadata.

    Raises:
        UsageError: If a number is out of range, or the array has another shape or type.

    Example:
        >>> encode_jpeg_thumbnail(np.zeros((30, 40, 3), np.uint8), 20)[:3].hex()
        'ffd8ff'
    """
    if size_px < 1 or not 1 <= quality <= 95:
        raise UsageError(f"size_px={size_px}, quality={quality}: expected at least 1, and 1 to 95.")
    height, width = pixels.shape[:2]
    scale = min(1.0, size_px / max(height, width, 1))
    small = resize_to(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
