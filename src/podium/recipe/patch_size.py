"""The patch size in a vision transformer's name: known without building it."""

from __future__ import annotations

import re

from podium.images import Size, describe_misfit

__all__ = ["find_patch_problem", "find_patch_px"]


def find_patch_px(name: str) -> int | None:
    """Side of a patch in pixels, None where the name does not say it.

    Example:
        >>> find_patch_px("vit_small_patch14_dinov2.lvd142m"), find_patch_px("resnet18")
        (14, None)
    """
    found = re.search(r"_patch([1-9]\d?)(?:_|\.|$)", name)
    return int(found[1]) if found else None


def find_patch_problem(name: str, size_px: Size) -> str | None:
    """Why a model does not take images of this size, as far as its name tells; None where it does."""
    patch = find_patch_px(name)
    misfit = None if patch is None else describe_misfit(size_px, (patch, patch))
    return None if misfit is None else f"image.size_px does not fit {name!r}: {misfit}"
