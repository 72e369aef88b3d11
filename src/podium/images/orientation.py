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

    Args:
        pixels: As stored, shape (H, W, ...).
        orientation: EXIF value, 1 to 8. From 5 on, height and width change places.

    Returns:
        The upright image, C-contiguous.

    Example:
        >>> turn_upright(np.array([[1, 2], [3, 4]], np.uint8), 6).tolist()
        [[3, 1], [4, 2]]

    Source:
        Exif 2.32 (JEITA CP-3451), tag 274: where row 0 and column 0 of the stored image are.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    # Value: which axes run backwards, after the exchange of rows and columns.
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    upright = pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    return np.ascontiguousarray(upright)
