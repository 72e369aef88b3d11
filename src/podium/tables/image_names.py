"""Formats and endings of image files, and names that have one."""

from __future__ import annotations

import re

__all__ = ["IMAGE_EXTENSIONS", "IMAGE_FORMATS", "is_image_name"]

IMAGE_FORMATS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png",),
    "BMP": ("bmp",),
    "GIF": ("gif",),
    "TIFF": ("tif", "tiff"),
    "WEBP": ("webp",),
    "AVIF": ("avif",),
    "PPM": ("ppm", "pgm", "pbm", "pnm"),
}
"""The formats that are decoded, and the endings of their files: the one list, for scans, tables and the decoder."""

IMAGE_EXTENSIONS = tuple(ending for endings in IMAGE_FORMATS.values() for ending in endings)
"""Endings that are taken for images, in any case."""

_ENDING = re.compile(rf"\.({'|'.join(IMAGE_EXTENSIONS)})$", re.IGNORECASE)


def is_image_name(text: str) -> bool:
    """Whether a cell ends in an image extension, spaces around it aside.

    Example:
        >>> is_image_name("a/face.v2.JPG "), is_image_name("face.v2")
        (True, False)
    """
    return _ENDING.search(text.strip()) is not None
