"""Views that a recipe can name: turns, crops and scales of one frame."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import AfterValidator

from podium.data.view_frames import View, parts_of
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of

__all__ = ["ViewName"]


def _read_view(name: str) -> str:
    try:
        parts = parts_of(name)
    except UnknownNameError:
        known = ", ".join(map(repr, (*get_args(View), "center-0.9", "top-left-0.9", "scale-0.9")))
        raise ValueError(f"expected a view such as {known}, or several joined by +") from None
    except UsageError as problem:
        raise ValueError(problem.what.removesuffix(".")) from None
    if len(parts.frames) > 1:
        what = f"view {name!r} has {count_of(len(parts.frames), 'piece')}"
        raise ValueError(f"{what}, and a recipe takes views of one frame")
    return name


ViewName = Annotated[str, AfterValidator(_read_view)]
"""A view by its name, as `podium tta` has it; of one frame."""
