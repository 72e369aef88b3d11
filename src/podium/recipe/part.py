"""What every part of a recipe is: frozen data without unknown keys; and the types of its values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Below1", "Count", "Fraction", "Name", "Part", "Precision", "read_kinds"]

Precision = Literal["fp32", "bf16", "fp16"]
Count = Annotated[int, Field(gt=0, le=10**9)]
Name = Annotated[str, Field(min_length=1)]
Below1 = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Frozen; unknown keys, infinities and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def read_kinds(value: Any) -> Any:
    """A list of parts in which a kind alone has its defaults.

    Example:
        >>> read_kinds(["rotate90", {"kind": "rotate", "degrees": 5}])
        [{'kind': 'rotate90'}, {'kind': 'rotate', 'degrees': 5}]
    """
    if not isinstance(value, list | tuple):
        return value
    return [{"kind": item} if isinstance(item, str) else item for item in value]
