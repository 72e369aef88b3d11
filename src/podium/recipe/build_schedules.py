"""A recipe's schedule becomes a function of the step, and one of the finished epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from podium.engine import EpochRecord
from podium.errors import RecipeError
from podium.listing import count_of
from podium.optim import (
    constant,
    cosine,
    cosine_restarts,
    cyclic,
    multi_step,
    one_cycle,
    plateau,
    polynomial,
    step_decay,
)
from podium.recipe.recipe import Recipe
from podium.recipe.schedule_spec import (
    Cosine,
    CosineRestarts,
    Cyclic,
    MultiStep,
    OneCycle,
    Plateau,
    Polynomial,
    StepDecay,
)

__all__ = ["build_reduction", "build_schedule", "check_warmup"]

Reduction = Callable[[Sequence[EpochRecord]], float]


def build_schedule(recipe: Recipe, *, n_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
    """Step -> factor on the peak learning rate."""
    spec, warmup = recipe.schedule, _n_warmup_steps(recipe, n_steps)
    match spec:
        case OneCycle(start_factor=start, end_factor=end):
            fraction = spec.warmup_fraction if spec.warmup_steps is None else spec.warmup_steps / n_steps
            return partial(one_cycle, n_steps=n_steps, warmup_fraction=fraction, start_factor=start, end_factor=end)
        case Cosine(end_factor=end):
            return partial(cosine, n_steps=n_steps, n_warmup_steps=warmup, end_factor=end)
        case CosineRestarts(multiplier=multiplier, end_factor=end):
            cycle = spec.cycle_epochs * steps_per_epoch
            return partial(cosine_restarts, cycle=cycle, multiplier=multiplier, n_warmup_steps=warmup, end_factor=end)
        case Polynomial(power=power, end_factor=end):
            return partial(polynomial, n_steps=n_steps, power=power, n_warmup_steps=warmup, end_factor=end)
        case StepDecay(factor=factor):
            every = spec.every_epochs * steps_per_epoch
            return partial(step_decay, every=every, factor=factor, n_warmup_steps=warmup)
        case MultiStep(factor=factor):
            milestones = tuple(epoch * steps_per_epoch for epoch in spec.milestones)
            return partial(multi_step, milestones=milestones, factor=factor, n_warmup_steps=warmup)
        case Cyclic(decay=decay):
            half, low = round(spec.cycle_epochs * steps_per_epoch / 2), spec.base_lr / recipe.optimizer.lr
            return partial(cyclic, half_cycle=max(half, 1), low_factor=low, decay=decay, n_warmup_steps=warmup)
    return partial(constant, n_warmup_steps=warmup)


def build_reduction(recipe: Recipe, *, score_name: str, greater_is_better: bool) -> Reduction | None:
    """Finished epochs -> further factor on the learning rate; None for schedules that look at the step alone."""
    spec = recipe.schedule
    if not isinstance(spec, Plateau):
        return None

    def reduction(history: Sequence[EpochRecord]) -> float:
        if spec.watch == "train_loss":
            watched = [-record.train_loss for record in history]
        else:
            sign = 1 if greater_is_better else -1
            watched = [sign * record.scores[score_name] for record in history]
        return plateau(watched, factor=spec.factor, patience=spec.patience, min_delta=spec.min_delta)

    return reduction


def check_warmup(recipe: Recipe, n_steps: int) -> None:
    """Refuse a warm-up that takes the whole training.

    Raises:
        RecipeError: If the schedule's `warmup_steps` are as many as the steps there are, or more.
    """
    warmup = recipe.schedule.warmup_steps
    if warmup is not None and warmup >= n_steps:
        raise RecipeError(
            f"schedule.warmup_steps={warmup}, but the training has only {count_of(n_steps, 'step')}.",
            fix="Choose fewer, or a share of the training with schedule.warmup_fraction.",
        )


def _n_warmup_steps(recipe: Recipe, n_steps: int) -> int:
    spec = recipe.schedule
    return round(spec.warmup_fraction * n_steps) if spec.warmup_steps is None else spec.warmup_steps
