"""The losses of a recipe, one class a loss. All of them take soft targets, so that mixed images can train on any."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveFloat, field_validator, model_validator

from podium.recipe.part import Fraction, Part
from podium.tables import Head

__all__ = [
    "AsymmetricSpec",
    "BinaryCrossEntropySpec",
    "BinaryFocalSpec",
    "CrossEntropySpec",
    "FocalSpec",
    "ForMulti",
    "ForSingle",
    "HeadLoss",
    "LossSpec",
    "MixturePart",
    "MixtureSpec",
    "OwnLossSpec",
    "PlainLoss",
    "SoftMacroF1Spec",
    "parts_of",
]

EFFECTIVE_BETA = 0.999


def _name_classes(value: Any) -> Any:
    """Classes that are numbers, as YAML reads them, by their names."""
    if not isinstance(value, dict):
        return value
    return {str(name) if type(name) in (int, float) else name: weight for name, weight in value.items()}


def _name_parents(value: Any) -> Any:
    """Classes and parents that are numbers, as YAML reads them, by their names."""
    named = _name_classes(value)
    if not isinstance(named, dict):
        return named
    return {name: str(parent) if type(parent) in (int, float) else parent for name, parent in named.items()}


GivenWeights = Annotated[dict[str, PositiveFloat], BeforeValidator(_name_classes)]
ClassWeights = Literal["none", "balanced", "square_root", "effective_number"] | GivenWeights
Beta = Annotated[float, Field(ge=0, lt=1)]
PositiveWeights = Literal["none", "balanced"] | GivenWeights


def _check_beta(spec: Any) -> Any:
    if spec.beta != EFFECTIVE_BETA and spec.class_weights != "effective_number":
        raise ValueError("expected class_weights=effective_number beside beta")
    return spec


class CrossEntropySpec(Part):
    """Cross entropy."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Fraction = 0.0
    class_weights: ClassWeights = "none"
    beta: Beta = EFFECTIVE_BETA

    _check = model_validator(mode="after")(_check_beta)


class FocalSpec(Part):
    """Focal loss (Lin et al. 2017); gamma 0 is cross entropy."""

    kind: Literal["focal"] = "focal"
    gamma: NonNegativeFloat = 2.0
    class_weights: ClassWeights = "none"
    beta: Beta = EFFECTIVE_BETA

    _check = model_validator(mode="after")(_check_beta)


class SoftMacroF1Spec(Part):
    """1 minus macro F1, counted with probabilities. A value of a batch: use large batches, and mix it with another."""

    kind: Literal["soft_macro_f1"] = "soft_macro_f1"


class BinaryCrossEntropySpec(Part):
    """Cross entropy of every label by itself, for multi-label heads."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    label_smoothing: Fraction = 0.0
    positive_weights: PositiveWeights = "none"


class BinaryFocalSpec(Part):
    """Focal loss of every label by itself (Lin et al. 2017); gamma 0 is binary cross entropy."""

    kind: Literal["binary_focal"] = "binary_focal"
    gamma: NonNegativeFloat = 2.0
    alpha: Fraction | None = None
    """Weight of the positives, the negatives having 1 - alpha (0.25 in the paper); null weighs both 1."""
    positive_weights: PositiveWeights = "none"


class AsymmetricSpec(Part):
    """Asymmetric loss (Ridnik et al. 2021), for multi-label heads with few positives."""

    kind: Literal["asymmetric"] = "asymmetric"
    gamma_negative: NonNegativeFloat = 4.0
    gamma_positive: NonNegativeFloat = 1.0
    clip: Fraction = 0.05


class OwnLossSpec(Part):
    """A loss of your own, registered by `podium.register_loss`."""

    kind: Literal["own"] = "own"
    name: Annotated[str, Field(min_length=1)]
    """Name it was registered under."""
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """Further arguments of the loss, by name: {alpha: 0.3}."""


ForSingle = CrossEntropySpec | FocalSpec
ForMulti = BinaryCrossEntropySpec | BinaryFocalSpec | AsymmetricSpec
PlainLoss = ForSingle | ForMulti | SoftMacroF1Spec | OwnLossSpec


class MixturePart(Part):
    """One loss of a mixture."""

    weight: PositiveFloat = 1.0
    loss: Annotated[PlainLoss, Field(discriminator="kind")]


class MixtureSpec(Part):
    """A weighted sum of losses, each averaged with its own class weights."""

    kind: Literal["mixture"] = "mixture"
    parts: Annotated[tuple[MixturePart, ...], Field(min_length=1)]
    """Losses and their weights: [{weight: 0.4, loss: {kind: soft_macro_f1}}, {weight: 0.6, loss: {kind: focal}}]."""


HeadLoss = PlainLoss | MixtureSpec
SingleLoss = Annotated[ForSingle | SoftMacroF1Spec | OwnLossSpec | MixtureSpec, Field(discriminator="kind")]
MultiLoss = Annotated[ForMulti | SoftMacroF1Spec | OwnLossSpec | MixtureSpec, Field(discriminator="kind")]


class LossSpec(Part):
    """The loss of each kind of head, of a head by name, and the weight of each head."""

    single: SingleLoss = CrossEntropySpec()
    multi: MultiLoss = BinaryCrossEntropySpec()
    heads: dict[str, Annotated[HeadLoss, Field(discriminator="kind")]] = Field(default_factory=dict)
    """A head's own loss in place of `single` or `multi`, by head name."""
    head_weights: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weight of a head's loss, by head name (default: 1)."""
    parents: Annotated[dict[str, Annotated[str, Field(min_length=1)]], BeforeValidator(_name_parents)] = Field(
        default_factory=dict
    )
    """Parent of each class, such as {beagle: dog, poodle: dog, siamese: cat}: heads with one class per image all of
    whose classes are here also learn the parent. `podium train --hierarchy FILE` fills it from a table."""
    parent_weight: PositiveFloat = 0.5
    """Weight of the parents' cross entropy beside the head's own loss; a parent's probability is the sum of its
    classes'."""

    def of(self, head: Head) -> HeadLoss:
        """The loss of a head."""
        return self.heads.get(head.name) or (self.multi if head.is_multi else self.single)

    @field_validator("single")
    @classmethod
    def _check_single(cls, loss: HeadLoss) -> HeadLoss:
        for _, part in parts_of(loss):
            if isinstance(part, ForMulti):
                raise ValueError(f"{part.kind} is for several labels per image")
        return loss

    @field_validator("multi")
    @classmethod
    def _check_multi(cls, loss: HeadLoss) -> HeadLoss:
        for _, part in parts_of(loss):
            if isinstance(part, ForSingle):
                raise ValueError(f"{part.kind} is for one class per image")
        return loss


def parts_of(loss: HeadLoss) -> list[tuple[float, PlainLoss]]:
    """Weights and losses that are summed; one of weight 1 where the loss is no mixture."""
    return [(part.weight, part.loss) for part in loss.parts] if isinstance(loss, MixtureSpec) else [(1.0, loss)]
