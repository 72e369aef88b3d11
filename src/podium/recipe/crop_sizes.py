"""Crops in pixels beside the size at which images are stored: one that is larger cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence

from podium.data import Augmentation, CentreCrop, RandomCrop
from podium.images import Size, height_and_width

__all__ = ["crops_in_pixels", "explain_large_crop"]


def explain_large_crop(augmentations: Sequence[Augmentation], stored_px: Size) -> str | None:
    """What is wrong where a crop is larger than the stored image and its padding; None where nothing is.

    Example:
        >>> explain_large_crop([RandomCrop(size_px=(350, 300))], 224)
        'augmentations: random_crop takes 350 x 300 of 224 x 224 stored pixels; set image.stored_px to more'
    """
    stored = height_and_width(stored_px)
    for crop in augmentations:
        if not isinstance(crop, RandomCrop | CentreCrop) or crop.size_px is None:
            continue
        size, padding = height_and_width(crop.size_px), crop.padding_px if isinstance(crop, RandomCrop) else 0
        if any(side > whole + 2 * padding for side, whole in zip(size, stored, strict=True)):
            padded = f" and {padding} of padding" if padding else ""
            return (
                f"augmentations: {crop.kind} takes {size[0]} x {size[1]} of {stored[0]} x {stored[1]} stored"
                f" pixels{padded}; set image.stored_px to more"
            )
    return None


def crops_in_pixels(augmentations: Sequence[Augmentation]) -> bool:
    """Whether a crop in pixels needs images that are stored larger than the model sees them."""
    return any(
        (isinstance(crop, RandomCrop) and not crop.padding_px)
        or (isinstance(crop, CentreCrop) and crop.size_px is not None)
        for crop in augmentations
    )
