"""The learning-rate range test: some steps at rising rates, and the loss of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray

from podium.engine import Batch, train_step
from podium.errors import DivergedError
from podium.models import Classifier, LinearHeads
from podium.optim import exponential
from podium.optim.rate_suggestions import minimum_tenth, smooth_losses, steepest, valley
from podium.recipe import Recipe
from podium.recipe.schedule_spec import Constant
from podium.stopping import StopRequest
from podium.tables import Task
from podium.training.fitting import Fitting, LabelledRows, prepare_fitting
from podium.training.inputs import Inputs
from podium.training.probe import start_heads

__all__ = ["RateCurve", "sweep_rates"]

DIVERGED = 4.0
"""Smoothed loss over the lowest so far, from which on nothing is learnt any more."""
_FIRST, _LAST = 10, 5
"""The first tenth of the steps and the last five say nothing: the average has just begun, or the loss explodes."""


@dataclass(frozen=True, eq=False)
class RateCurve:
    """Loss over the learning rate.

    Args:
        rates: Learning rates, ascending, shape (n,).
        losses: Loss of each step's batch, shape (n,).
        n_steps: Steps that there would have been; fewer where the loss exploded.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    n_steps: int

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """The losses, smoothed, shape (n,)."""
        return smooth_losses(self.losses.tolist(), beta=_beta(self.n_steps))

    @property
    def diverged(self) -> bool:
        """Whether it ended because the loss exploded."""
        return len(self.rates) < self.n_steps

    def suggestions(self) -> dict[str, float | None]:
        """Rates by what suggests them: "valley", "steep", "minimum/10"; None where the loss never falls."""
        inner = slice(self.n_steps // _FIRST, max(len(self.rates) - _LAST, self.n_steps // _FIRST + 2))
        rates, losses = self.rates[inner], self.smoothed[inner]
        if len(rates) < 2:
            return {"valley": None, "steep": None, "minimum/10": None}
        middle = valley(rates, losses)
        lowest = None if middle is None else minimum_tenth(rates, losses)
        return {"valley": middle, "steep": steepest(rates, losses), "minimum/10": lowest}


def sweep_rates(
    recipe: Recipe,
    task: Task,
    model: Classifier | LinearHeads,
    inputs: Inputs,
    train: LabelledRows,
    *,
    lowest: float,
    highest: float,
    n_steps: int,
    seed: int,
    device: torch.device,
    stop: StopRequest,
    on_step: Callable[[int], None] = lambda step: None,
) -> RateCurve:
    """Train for some steps while `optimizer.lr` rises evenly on the log scale, until the loss explodes.

    Everything else is as in the training: batches, augmentation, loss, optimizer, other learning rates in proportion.
    The schedule is left out, and so are averaged weights and staged unfreezing.

    Args:
        recipe: A recipe in which nothing is "auto".
        task: The heads of this model.
        model: From `inputs.build_model`, on the device; spoilt afterwards.
        inputs: What it is trained on.
        train: Rows to train on.
        lowest: First rate.
        highest: Last rate.
        n_steps: Steps.
        seed: Seed of the training.
        device: Where the model is.
        stop: Asked after every step.
        on_step: Told how many steps are done.

    Source:
        Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3.
    """
    start_heads(recipe, model, inputs, train, seed=seed, stop=stop)
    plain = _without_schedule(recipe)
    fitting = prepare_fitting(plain, task, model, inputs, train, None, metric=None, seed=seed, device=device)
    rates, losses, lowest_loss = list[float](), list[float](), np.inf
    model.train()
    for step, batch in zip(range(n_steps), _batches(fitting), strict=False):
        rate = highest * exponential(step, n_steps, start_factor=lowest / highest)
        try:
            loss = train_step(fitting.parts, batch, step=step, factor=rate / recipe.optimizer.lr)
        except DivergedError:
            break
        rates.append(rate)
        losses.append(loss)
        smoothed = smooth_losses(losses, beta=_beta(n_steps))[-1]
        lowest_loss = min(lowest_loss, smoothed)
        on_step(step + 1)
        stop.check()
        if smoothed > DIVERGED * lowest_loss:
            break
    return RateCurve(np.array(rates), np.array(losses), n_steps)


def _beta(n_steps: int) -> float:
    """Smoothing over the same share of the sweep, whatever its steps: 0.98 for a hundred, as fastai has it."""
    return float(0.98 ** (100 / n_steps))


def _without_schedule(recipe: Recipe) -> Recipe:
    training = recipe.training.model_copy(update={"ema_decay": None})
    model = recipe.model.model_copy(update={"unfreeze_after": None, "unfreeze_every": None})
    return recipe.model_copy(update={"schedule": Constant(), "training": training, "model": model})


def _batches(fitting: Fitting) -> Iterator[Batch]:
    """Batches of one epoch after the other."""
    for epoch in count():
        yield from fitting.train.from_position(epoch, 0)
