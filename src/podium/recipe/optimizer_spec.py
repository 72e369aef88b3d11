"""The optimizer of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, StrictBool

from podium.recipe.part import Fraction, Name, Part

__all__ = ["OptimizerSpec"]


Beta = Annotated[float, Field(ge=0, lt=1)]


class OptimizerSpec(Part):
    """The optimizer: any that timm knows."""

    name: Name = "adamw"
    lr: PositiveFloat = 1e-3
    """Highest learning rate."""
    weight_decay: NonNegativeFloat = 0.05
    momentum: Fraction | None = None
    """Momentum of SGD and similar optimizers, where null means 0.9; refused for an optimizer that has none."""
    betas: Annotated[tuple[Beta, ...], Field(min_length=2, max_length=3)] | None = None
    """Decays of the running means of Adam and similar optimizers, two or (adan) three numbers; null takes the
    optimizer's own. Refused for an optimizer that has none, as are `eps` and `nesterov`."""
    eps: PositiveFloat | None = None
    """What is added to the divisor; null takes the optimizer's own, 1e-8 mostly."""
    nesterov: StrictBool | None = None
    """Whether momentum looks ahead; null takes the optimizer's own: yes for sgd, no for momentum."""
    sam_rho: PositiveFloat | None = None
    """Sharpness-aware minimisation around any optimizer (Foret et al. 2021): how far uphill the gradient is taken, 0.05
    mostly, 0.5 to 2 if adaptive. Every step then takes two passes. null is off."""
    sam_adaptive: StrictBool = False
    """Whether that move follows the size of each weight (ASAM, Kwon et al. 2021)."""
    head_lr_factor: PositiveFloat = 1.0
    """Learning rate of the heads, as a multiple of the backbone's."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the learning rate from each layer to the layer before it."""
