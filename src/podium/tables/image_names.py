"""Endings of image files."""

from __future__ import annotations

__all__ = ["IMAGE_EXTENSIONS"]

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
