"""Means and deviations of colours as people write them in a recipe."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

__all__ = ["read_channels"]

_NUMBER: TypeAdapter[float] = TypeAdapter(Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)])


def read_channels(value: Any) -> tuple[float, float, float] | str:
    """Red, green and blue on the scale from 0 to 1, one number for all three, "weights" or "dataset".

    Raises:
        ValueError: If it is none of these. One line for all alternatives.

    Example:
        >>> read_channels(0.5), read_channels([0.485, 0.456, 0.406]), read_channels("dataset")
        ((0.5, 0.5, 0.5), (0.485, 0.456, 0.406), 'dataset')
    """
    if isinstance(value, str) and value in ("weights", "dataset"):
        return value
    try:
        if not isinstance(value, bool | str):
            numbers = value if isinstance(value, list | tuple) else (value,) * 3
            red, green, blue = (_NUMBER.validate_python(number) for number in numbers)
            return red, green, blue
    except (ValidationError, ValueError):
        pass
    raise ValueError("expected a number from 0 to 1, or [red, green, blue], or weights, or dataset")
