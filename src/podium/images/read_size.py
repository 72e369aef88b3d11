"""The size of an image from its file's header, without decoding it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from podium.durable import open_regular
from podium.images.container import sniff_format
from podium.images.quiet import silence_decoders

__all__ = ["read_size"]


def read_size(path: str | Path) -> tuple[int, int] | None:
    """Height and width as stored, in pixels; None where the header cannot be read.

    A file that passes may still fail to decode. EXIF orientation is not applied: it can swap the two numbers.
    """
    silence_decoders()
    try:
        with open_regular(path) as file:
            kind = sniff_format(file.read(64))
            if kind is None:
                return None
            file.seek(0)
            with Image.open(file, formats=[kind]) as image:
                return image.height, image.width
    except Exception:  # decoders raise about ten kinds of error on hostile files
        return None
