"""The range of values of deep images as people write it in a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

__all__ = ["read_value_range"]

_NUMBER: TypeAdapter[float] = TypeAdapter(Annotated[float, Field(allow_inf_nan=False)])


def read_value_range(value: Any) -> tuple[float, float] | Literal["full"]:
    """The values that become black and white, or "full".

    Raises:
        ValueError: If it is neither. One line for all alternatives.

    Example:
        >>> read_value_range([0, 4095]), read_value_range("full")
        ((0.0, 4095.0), 'full')
    """
    if isinstance(value, str) and value == "full":
        return "full"
    try:
        if isinstance(value, list | tuple) and not any(isinstance(item, bool) for item in value):
            low, high = (_NUMBER.validate_python(item) for item in value)
            if low < high:
                return low, high
    except (ValidationError, ValueError):
        pass
    raise ValueError("expected [low, high], two finite numbers with the smaller one first, or full")
