"""The learning-rate schedules of a recipe, one class a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, field_validator

from podium.recipe.part import Below1, Count, Fraction, Part

__all__ = [
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Cyclic",
    "MultiStep",
    "OneCycle",
    "Plateau",
    "Polynomial",
    "ScheduleSpec",
    "StepDecay",
    "schedule_problems",
]


class OneCycle(Part):
    """The learning rate rises to its highest and falls again, both as a cosine (Smith and Topin 2018)."""

    kind: Literal["one_cycle"] = "one_cycle"
    warmup_fraction: Fraction = 0.25
    warmup_steps: Count | None = None
    start_factor: PositiveFloat = 0.04
    end_factor: NonNegativeFloat = 1e-4


class Cosine(Part):
    """The learning rate falls as a half cosine after a linear warm-up."""

    kind: Literal["cosine"] = "cosine"
    warmup_fraction: Fraction = 0.05
    warmup_steps: Count | None = None
    end_factor: NonNegativeFloat = 0.0


class CosineRestarts(Part):
    """After a linear warm-up, the learning rate falls as a half cosine again and again (Loshchilov and Hutter 2017)."""

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    cycle_epochs: Count = 3
    """Epochs of the first half cosine, shorter than the training."""
    multiplier: Count = 1
    """Length of each half cosine over that of the one before it."""
    end_factor: NonNegativeFloat = 0.0


class Polynomial(Part):
    """The learning rate falls as a power of what is left of the run, after a linear warm-up."""

    kind: Literal["polynomial"] = "polynomial"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    power: PositiveFloat = 1.0
    """1 is a straight line."""
    end_factor: Fraction = 0.0


class StepDecay(Part):
    """The learning rate is multiplied by `factor` every `every_epochs` epochs."""

    kind: Literal["step_decay"] = "step_decay"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    every_epochs: Count = 3
    factor: PositiveFloat = 0.2


class MultiStep(Part):
    """The learning rate is multiplied by `factor` after the epochs that are named."""

    kind: Literal["multi_step"] = "multi_step"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    milestones: Annotated[tuple[Count, ...], Field(min_length=1)] = (6, 8)
    """Numbers of epochs after which it is multiplied, ascending, each below the epochs of the training."""
    factor: PositiveFloat = 0.1

    @field_validator("milestones")
    @classmethod
    def _check_ascending(cls, milestones: tuple[int, ...]) -> tuple[int, ...]:
        if any(later <= earlier for earlier, later in pairwise(milestones)):
            raise ValueError("expected ascending epochs, each once, such as [6,8]")
        return milestones


class Cyclic(Part):
    """The learning rate goes up from `base_lr` to the optimizer's and back, as a triangle wave (Smith 2017)."""

    kind: Literal["cyclic"] = "cyclic"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    base_lr: PositiveFloat = 1e-5
    """Lowest learning rate, below `optimizer.lr`; other learning rates, such as the heads', keep the ratio."""
    cycle_epochs: PositiveFloat = 2.0
    """Epochs of one way up and down, at most twice the epochs of the training; may be a fraction."""
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Height of each cycle over that of the one before it; 0.5 is known as triangular2."""


class Plateau(Part):
    """The learning rate is multiplied by `factor` whenever what it watches has stopped getting better."""

    kind: Literal["plateau"] = "plateau"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None
    watch: Literal["score", "train_loss"] = "score"
    """What must get better: the validation score (`metric`), in whichever direction is better for it, or the mean loss
    over an epoch's training samples. Watching the score looks at the samples that judge the model, as `patience` does;
    it decides about the learning rate only."""
    factor: Below1 = 0.1
    patience: Annotated[int, Field(ge=0, le=10**9)] = 3
    """Epochs in a row without anything better that are tolerated."""
    min_delta: Fraction = 1e-4
    """Least relative change that counts as better."""


class Constant(Part):
    """The learning rate stays the same, after a linear warm-up if there is one."""

    kind: Literal["constant"] = "constant"
    warmup_fraction: Fraction = 0.0
    warmup_steps: Count | None = None


ScheduleSpec = Annotated[
    OneCycle | Cosine | CosineRestarts | Polynomial | StepDecay | MultiStep | Cyclic | Plateau | Constant,
    Field(discriminator="kind"),
]


def schedule_problems(spec: ScheduleSpec, *, epochs: int, lr: float) -> Iterator[str]:
    """Why a schedule does not fit a training of so many epochs and such a learning rate; nothing where it does."""
    if isinstance(spec, MultiStep) and spec.milestones[-1] >= epochs:
        yield (
            f"schedule.milestones {list(spec.milestones)} go beyond training.epochs={epochs}: the learning rate after "
            f"epoch {spec.milestones[-1]} would never be used. Choose milestones below {epochs}, or train longer"
        )
    if isinstance(spec, CosineRestarts) and spec.cycle_epochs >= epochs:
        yield (
            f"schedule.cycle_epochs={spec.cycle_epochs} is no shorter than training.epochs={epochs}: nothing would "
            "start again. Choose a shorter cycle, or schedule.kind=cosine"
        )
    if isinstance(spec, Cyclic) and spec.base_lr >= lr:
        yield (
            f"schedule.base_lr={spec.base_lr:g} is not below the highest learning rate, optimizer.lr={lr:g}. Lower the "
            "one or raise the other"
        )
    if isinstance(spec, Cyclic) and spec.cycle_epochs > 2 * epochs:
        yield (
            f"schedule.cycle_epochs={spec.cycle_epochs:g} is more than twice training.epochs={epochs}: the highest "
            "learning rate would never be reached. Choose a shorter cycle"
        )
    if isinstance(spec, Plateau) and epochs < spec.patience + 3:
        yield (
            f"schedule.patience={spec.patience} is too long for training.epochs={epochs}: the learning rate could "
            f"never be reduced. Choose at most {max(epochs - 3, 0)}, train for at least {spec.patience + 3} epochs, or "
            "use schedule.kind=constant"
        )
