"""The optimizer of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat

from podium.recipe.part import Fraction, Name, Part

__all__ = ["OptimizerSpec"]


class OptimizerSpec(Part):
    """The optimizer: any that timm knows."""

    name: Name = "adamw"
    lr: PositiveFloat = 1e-3
    """Highest learning rate."""
    weight_decay: NonNegativeFloat = 0.05
    momentum: Fraction | None = None
    """Momentum of SGD and similar optimizers, where null means 0.9; refused for an optimizer that has none."""
    head_lr_factor: PositiveFloat = 1.0
    """Learning rate of the heads, as a multiple of the backbone's."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the learning rate from each layer to the layer before it."""
