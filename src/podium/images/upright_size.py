"""The size of an image as it is seen, from its file's header where that says it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from podium.durable import open_regular
from podium.images.container import sniff_format
from podium.images.orientation import read_orientation
from podium.images.quiet import silence_decoders

__all__ = ["read_upright_size"]

_ORIENTATION_BEHIND = ("PNG", "WEBP")


def read_upright_size(path: str | Path) -> tuple[int, int] | None:
    """Width and height of the upright image in pixels; None where the file cannot be read.

    A file that passes may still fail to decode.
    """
    silence_decoders()
    try:
        with open_regular(path) as file:
            kind = sniff_format(file.read(64))
            if kind is None:
                return None
            file.seek(0)
            with Image.open(file, formats=[kind]) as image:
                if image.format in _ORIENTATION_BEHIND:  # it may stand behind the pixels
                    image.load()
                is_turned = image.format != "TIFF" and read_orientation(image) >= 5
                return (image.height, image.width) if is_turned else (image.width, image.height)
    except Exception:  # decoders raise about ten kinds of error on hostile files
        return None
