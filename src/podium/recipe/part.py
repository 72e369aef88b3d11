"""What every part of a recipe is: frozen data without unknown keys; and the types of its values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Below1", "Count", "Fraction", "Name", "Part", "Precision"]

Precision = Literal["fp32", "bf16", "fp16"]
Count = Annotated[int, Field(gt=0, le=10**9)]
Name = Annotated[str, Field(min_length=1)]
Below1 = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Frozen; unknown keys, infinities and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
