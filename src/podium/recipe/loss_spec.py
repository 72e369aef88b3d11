"""The losses of a recipe, one class a loss."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat

from podium.recipe.part import Fraction, Part

__all__ = ["AsymmetricSpec", "BinaryCrossEntropySpec", "CrossEntropySpec", "FocalSpec", "LossSpec"]


class CrossEntropySpec(Part):
    """Cross entropy."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Fraction = 0.0
    class_weights: Literal["none", "balanced"] = "none"


class FocalSpec(Part):
    """Focal loss (Lin et al. 2017); gamma 0 is cross entropy."""

    kind: Literal["focal"] = "focal"
    gamma: NonNegativeFloat = 2.0
    class_weights: Literal["none", "balanced"] = "none"


class BinaryCrossEntropySpec(Part):
    """Cross entropy of every label by itself, for multi-label heads."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    label_smoothing: Fraction = 0.0
    positive_weights: Literal["none", "balanced"] = "none"


class AsymmetricSpec(Part):
    """Asymmetric loss (Ridnik et al. 2021), for multi-label heads with few positives."""

    kind: Literal["asymmetric"] = "asymmetric"
    gamma_negative: NonNegativeFloat = 4.0
    gamma_positive: NonNegativeFloat = 1.0
    clip: Fraction = 0.05


SingleLoss = Annotated[CrossEntropySpec | FocalSpec, Field(discriminator="kind")]
MultiLoss = Annotated[BinaryCrossEntropySpec | AsymmetricSpec, Field(discriminator="kind")]


class LossSpec(Part):
    """The loss of each kind of head, and the weight of each head."""

    single: SingleLoss = CrossEntropySpec()
    multi: MultiLoss = BinaryCrossEntropySpec()
    head_weights: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weight of a head's loss, by head name (default: 1)."""
