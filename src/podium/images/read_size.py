"""The size of an image from its file's header, without decoding it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from podium.durable import open_regular
from podium.images.container import sniff_format
from podium.images.quiet import silence_decoders

__all__ = ["measure_header", "read_size"]


def read_size(path: str | Path) -> tuple[int, int] | None:
    """Height and width as stored, in pixels; None where the header cannot be read.

    A file that passes may still fail to decode. EXIF orientation is not applied: it can swap the two numbers.
    """
    return measure_header(path, lambda image: (image.height, image.width))


def measure_header(path: str | Path, measure: Callable[[Image.Image], tuple[int, int]]) -> tuple[int, int] | None:
    """What `measure` finds in an image that was opened and not decoded; None where it cannot be read."""
    silence_decoders()
    try:
        with open_regular(path) as file:
            kind = sniff_format(file.read(64))
            if kind is None:
                return None
            file.seek(0)
            with Image.open(file, formats=[kind]) as image:
                return measure(image)
    except Exception:  # decoders raise about ten kinds of error on hostile files
        return None
