"""Endings of image files, and names that have one."""

from __future__ import annotations

import re

__all__ = ["IMAGE_EXTENSIONS", "is_image_name"]

IMAGE_EXTENSIONS = (
    "jpg",
    "jpeg",
    "jpe",
    "jfif",
    "png",
    "bmp",
    "gif",
    "tif",
    "tiff",
    "webp",
    "avif",
)
"""Endings that are taken for images, in any case."""

_ENDING = re.compile(rf"\.({'|'.join(IMAGE_EXTENSIONS)})$", re.IGNORECASE)


def is_image_name(text: str) -> bool:
    """Whether a cell ends in an image extension, spaces around it aside.

    Example:
        >>> is_image_name("a/face.v2.JPG "), is_image_name("face.v2")
        (True, False)
    """
    return _ENDING.search(text.strip()) is not None
