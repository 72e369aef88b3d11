"""The size of a picture from its file's header, without decoding it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from podium.images.container import FORMATS
from podium.images.quiet import quiet

__all__ = ["read_size"]


def read_size(path: str | Path) -> tuple[int, int] | None:
    """Height and width as stored, in pixels; None where the header cannot be read.

    A file that passes may still fail to decode. EXIF orientation is not applied: it can swap the two numbers.
    """
    try:
        with quiet(), Image.open(path, formats=FORMATS) as image:
            return image.height, image.width
    except Exception:  # decoders raise about ten kinds of error on hostile files
        return None
