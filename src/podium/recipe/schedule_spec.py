"""The learning-rate schedules of a recipe, one class a schedule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat

from podium.recipe.part import Count, Fraction, Part

__all__ = ["Constant", "Cosine", "OneCycle", "ScheduleSpec", "StepDecay"]


class OneCycle(Part):
    """The learning rate rises to its highest and falls again, both as a cosine (Smith and Topin 2018)."""

    kind: Literal["one_cycle"] = "one_cycle"
    warmup_fraction: Fraction = 0.25
    start_factor: PositiveFloat = 0.04
    end_factor: NonNegativeFloat = 1e-4


class Cosine(Part):
    """The learning rate falls as a half cosine after a linear warm-up."""

    kind: Literal["cosine"] = "cosine"
    warmup_fraction: Fraction = 0.05
    end_factor: NonNegativeFloat = 0.0


class StepDecay(Part):
    """The learning rate is multiplied by `factor` every `every_epochs` epochs."""

    kind: Literal["step_decay"] = "step_decay"
    every_epochs: Count = 3
    factor: PositiveFloat = 0.2


class Constant(Part):
    """The learning rate stays the same."""

    kind: Literal["constant"] = "constant"


ScheduleSpec = Annotated[OneCycle | Cosine | StepDecay | Constant, Field(discriminator="kind")]
