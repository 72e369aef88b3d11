"""EXIF orientation: reading it, and turning pixels upright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["read_orientation", "turn_upright"]

_ORIENTATION_TAG = 0x0112


def read_orientation(image: Image.Image) -> int:
    """The EXIF (or XMP) orientation of an opened image, 1 to 8.

    A missing, impossible or unreadable entry counts as 1: damaged metadata do not make a good image bad.
    For PNG and WebP call it after the pixels are loaded, as the entry may stand behind them; for TIFF before, as
    Pillow turns the pixels itself and drops the entry.
    """
    try:
        if image.format == "TIFF":
            value = image.tag_v2.get(_ORIENTATION_TAG, 1)  # type: ignore[attr-defined]
        else:
            value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # metadata of unknown origin: Pillow's parser raises whatever the bytes lead it to
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The image as its camera meant it to be seen.

    By OpenCV, which turns 2 to 19 times as fast as a view of numpy that is made contiguous (12 megapixels: 10 to 70 ms
    instead of 140; November 2026).

    Args:
        pixels: As stored, shape (H, W) or (H, W, 3), uint8.
        orientation: EXIF value, 1 to 8. From 5 on, height and width change places.

    Returns:
        The upright image, C-contiguous.

    Example:
        >>> turn_upright(np.array([[1, 2], [3, 4]], np.uint8), 6).tolist()
        [[3, 1], [4, 2]]

    Source:
        Exif 2.32 (JEITA CP-3451), tag 274: where row 0 and column 0 of the stored image are.
    """
    import cv2  # only here, so that listing files does not wait for it

    if orientation >= 5:
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
    # Of the image after the exchange of rows and columns; OpenCV's 0 is upside down, 1 is mirrored, -1 is both.
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return np.ascontiguousarray(pixels if flip is None else np.asarray(cv2.flip(pixels, flip), np.uint8))
