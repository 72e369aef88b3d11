"""The size of an image as it is seen, from its file's header where that says it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from podium.images.orientation import read_orientation
from podium.images.read_size import measure_header

__all__ = ["read_upright_size"]

_ORIENTATION_BEHIND = ("PNG", "WEBP")


def read_upright_size(path: str | Path) -> tuple[int, int] | None:
    """Width and height of the upright image in pixels; None where the file cannot be read.

    A file that passes may still fail to decode.
    """
    return measure_header(path, _measure_upright)


def _measure_upright(image: Image.Image) -> tuple[int, int]:
    if image.format in _ORIENTATION_BEHIND:  # it may stand behind the pixels
        image.load()
    is_turned = image.format != "TIFF" and read_orientation(image) >= 5
    return (image.height, image.width) if is_turned else (image.width, image.height)
