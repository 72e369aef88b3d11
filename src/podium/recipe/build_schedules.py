"""A recipe's schedule becomes a function of the step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from podium.optim import constant, cosine, one_cycle, step_decay
from podium.recipe.recipe import Recipe
from podium.recipe.schedule_spec import Cosine, OneCycle, StepDecay

__all__ = ["build_schedule"]


def build_schedule(recipe: Recipe, *, n_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
    """Step -> factor on the peak learning rate."""
    spec = recipe.schedule
    if isinstance(spec, OneCycle):
        return partial(
            one_cycle,
            n_steps=n_steps,
            warmup_fraction=spec.warmup_fraction,
            start_factor=spec.start_factor,
            end_factor=spec.end_factor,
        )
    if isinstance(spec, Cosine):
        n_warmup = round(spec.warmup_fraction * n_steps)
        return partial(cosine, n_steps=n_steps, n_warmup_steps=n_warmup, end_factor=spec.end_factor)
    if isinstance(spec, StepDecay):
        return partial(step_decay, every=spec.every_epochs * steps_per_epoch, factor=spec.factor)
    return constant
