"""The images as the model of a region sees them."""

from __future__ import annotations

from podium.data.memory_images import StoredImages

__all__ = ["cut_to"]


def cut_to(images: StoredImages, region: str) -> StoredImages:
    """The images cut to a region, where they are stored in several; else the images themselves."""
    return images.parts.get(region, images)
