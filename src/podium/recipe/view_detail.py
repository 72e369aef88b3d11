"""Views that would show a model fewer pixels than it wants are refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

from podium.advice import option
from podium.data.view_frames import least_share
from podium.errors import UsageError
from podium.recipe.image_spec import ImageSpec

__all__ = ["MOST_GROWTH", "check_detail", "explain_detail", "least_stored_px", "shows_detail"]

MOST_GROWTH = 1.5
"""A frame may be enlarged by so much; what is larger shows the model nothing but interpolation."""


def check_detail(views: Sequence[str], image: ImageSpec, *, field: str = "tta") -> None:
    """Raise UsageError if a view cuts pieces that are too small for the model out of the stored images.

    Args:
        views: Known views.
        image: How images are stored, and what the model sees.
        field: The option that named the views.
    """
    for view in views:
        problem = explain_detail(view, image)
        if problem is not None:
            least = least_stored_px(view, image)
            raise UsageError(
                f"{problem}.",
                field=field,
                fix=f"Choose it by an audit with {option('stored_px')} {least}, or train with"
                f" image.stored_px={least}. Or leave it out.",
            )


def explain_detail(view: str, image: ImageSpec) -> str | None:
    """What is wrong with a view that shows too few pixels; None where it shows enough."""
    if shows_detail([view], image):
        return None
    (height, width), stored, share = image.sides, image.stored_sides, least_share(view)
    pieces = f"{share * stored[0]:.0f} x {share * stored[1]:.0f}"
    return f"view {view!r} shows pieces of {pieces} stored pixels to a model of {height} x {width}"


def least_stored_px(view: str, image: ImageSpec) -> int:
    """Side of stored images from which on a view need not be enlarged."""
    return math.ceil(max(image.sides) / least_share(view))


def shows_detail(views: Sequence[str], image: ImageSpec) -> bool:
    """Whether the stored images have enough pixels for all these views."""
    (height, width), (stored_height, stored_width) = image.sides, image.stored_sides
    shares = [share for share in map(least_share, views) if share < 1]
    most = MOST_GROWTH + 1e-9
    return all(height <= most * share * stored_height and width <= most * share * stored_width for share in shares)
