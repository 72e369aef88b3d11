"""Names that end like an image file."""

from __future__ import annotations

import re

from podium.tables import IMAGE_EXTENSIONS

__all__ = ["is_image_name", "strip_extension"]

_EXTENSION = re.compile(rf"\.({'|'.join(IMAGE_EXTENSIONS)})$", re.IGNORECASE)


def is_image_name(text: str) -> bool:
    """Whether a cell ends in an image extension, blanks around it aside."""
    return _EXTENSION.search(text.strip()) is not None


def strip_extension(name: str) -> str:
    """A name without its image extension; other dots are part of the name.

    Example:
        >>> strip_extension("face.v2.JPG"), strip_extension("face.v2")
        ('face.v2', 'face.v2')
    """
    return _EXTENSION.sub("", name)
