"""Image sizes as people write them in a recipe."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from podium.images import Size

__all__ = ["LEAST_SIDE_PX", "MOST_SIDE_PX", "read_size"]

LEAST_SIDE_PX, MOST_SIDE_PX = 8, 4096
"""Shortest and longest side of an image in a recipe."""

_SIDE: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)])


def read_size(value: Any) -> Size | str:
    """A side, (height, width) where they differ, or "auto".

    Two equal sides are one side, so that a square is written in one way. Text such as "280x210" is refused: cameras
    put the width first, and torch the height.

    Raises:
        ValueError: If it is neither. One line for all alternatives.

    Example:
        >>> read_size(224), read_size([280, 210]), read_size([96, 96])
        (224, (280, 210), 96)
    """
    if value == "auto":
        return "auto"
    try:
        if not isinstance(value, list | tuple):
            return _SIDE.validate_python(value)
        height, width = (_SIDE.validate_python(side) for side in value)
        return height if height == width else (height, width)
    except (ValidationError, ValueError):
        pass
    raise ValueError(
        f"expected one side, or [height, width], of {LEAST_SIDE_PX} to {MOST_SIDE_PX} whole pixels, or auto"
    )
