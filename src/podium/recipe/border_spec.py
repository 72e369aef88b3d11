"""How training treats the borders of a head that was made from numbers. What is judged keeps its classes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, field_validator

from podium.recipe.part import Part

__all__ = ["BorderSpec", "DroppedBorders", "MovedBorders", "SoftBorders"]


class MovedBorders(Part):
    """Training images have the classes of other borders: 58 in place of 60 teaches that who looks nearly 60 is."""

    kind: Literal["moved"] = "moved"
    at: Annotated[tuple[float, ...], Field(min_length=1)]
    """The borders of training, as many as the head has: [29, 58]."""

    @field_validator("at")
    @classmethod
    def _check_at(cls, at: tuple[float, ...]) -> tuple[float, ...]:
        if sorted(set(at)) != list(at):
            raise ValueError(f"borders must increase, got {list(at)}")
        return at


class SoftBorders(Part):
    """Training images near a border belong to both classes, in shares that pass from one to the other."""

    kind: Literal["soft"] = "soft"
    width: PositiveFloat
    """How far from a border shares begin. Between whole numbers a border lies half way: with 60 and a width of 2, the
    ages 58 to 61 have shares of 0.125, 0.375, 0.625 and 0.875 in the class above."""
    shape: Literal["linear", "logistic"] = "linear"
    """How shares pass: in a straight line, or in the S of a logistic curve, which is steeper at the border and reaches
    0 and 1 at the width as well."""


class DroppedBorders(Part):
    """Training images near a border do not train this head. They train the others."""

    kind: Literal["dropped"] = "dropped"
    width: PositiveFloat
    """Images closer than this to a border are left out. Between whole numbers a border lies half way: with 60 and a
    width of 1, the ages 59 and 60."""


BorderSpec = Annotated[MovedBorders | SoftBorders | DroppedBorders, Field(discriminator="kind")]
