"""Views that would show a model fewer pixels than it wants are refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

from podium.data.view_frames import least_share
from podium.errors import UsageError
from podium.recipe.image_spec import ImageSpec

__all__ = ["MOST_GROWTH", "check_detail"]

MOST_GROWTH = 1.5
"""A frame may be enlarged by so much; what is larger shows the model nothing but interpolation."""


def check_detail(views: Sequence[str], image: ImageSpec) -> None:
    """Raise UsageError if a view cuts pieces that are too small for the model out of the stored images.

    Args:
        views: Known views.
        image: How images are stored, and what the model sees.
    """
    (height, width), (stored_height, stored_width) = image.sides, image.stored_sides
    for view in views:
        share = least_share(view)
        growth = max(height / (share * stored_height), width / (share * stored_width))
        if share < 1 and growth > MOST_GROWTH + 1e-9:
            least = math.ceil(max(height, width) / share)
            raise UsageError(
                f"view {view!r} shows pieces of {share * stored_height:.0f} x {share * stored_width:.0f} stored pixels"
                f" to a model of {height} x {width}.",
                field="tta",
                fix=f"Train with a larger image.stored_px: {least} shows it every pixel. Or leave the view out.",
            )
