"""A rehearsal: the run's own pieces on a few of its images, by the clock, before the length of the run is planned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from podium.data import MemoryImages, StoredImages
from podium.engine import Batch, Parts, TrainState, predict_logits
from podium.engine.step import train_step
from podium.machine import Settings, Silent
from podium.recipe import Recipe, arrange
from podium.stopping import StopRequest
from podium.tables import Folds, Samples
from podium.training.inputs import BlockInputs, FeatureInputs, Inputs
from podium.training.make_inputs import make_inputs
from podium.training.one_training import Job, Training, make_job
from podium.training.rehearsed_features import spread_features
from podium.training.time_plan import Speeds

__all__ = ["Rehearsal", "rehearse"]

T = TypeVar("T")

FEW, MANY = 16, 64
"""Images that pass through the frozen part, once for what it costs to begin, once for what each image costs."""
STEPS, STEPS_S = 20, 3.0
"""Most steps of training, and most seconds."""


@dataclass(frozen=True)
class Rehearsal:
    """What was measured.

    Args:
        speeds: Seconds of every piece.
        view_bytes: Bytes of one cached view of an image; 0 where none are cached.
    """

    speeds: Speeds
    view_bytes: int


def rehearse(
    recipe: Recipe,
    samples: Samples,
    folds: Folds,
    images: StoredImages,
    fold: int,
    settings: Settings,
    device: torch.device,
) -> Rehearsal:
    """Train a few steps of a run's first model, on a few of its images and in every other way as the run will.

    Args:
        recipe: A recipe in which nothing is "auto".
        samples: The run's samples.
        folds: Their folds.
        images: The decoded images; the first few are used.
        fold: The fold whose training is rehearsed.
        settings: Threads.
        device: Where it is trained.
    """
    assert samples.task is not None, "samples to train on have labels"
    if recipe.model.cached_views:
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update={"cached_views": 1})})

    def make(n: int) -> Inputs:
        few = MemoryImages(images.ids[:n], np.array(images.pixels[:n]))
        return make_inputs(recipe, samples.task, few, device, settings, Silent())  # type: ignore[arg-type]

    n = min(MANY, len(images.ids))
    few_s, _ = _clock(lambda: make(min(FEW, n)))
    many_s, inputs = _clock(lambda: make(n))
    rows = np.arange(len(samples)) % n
    if recipe.is_solved:
        assert isinstance(inputs, FeatureInputs)
        spread = spread_features(inputs.features, samples)
        inputs, rows = FeatureInputs(recipe, spread), np.arange(len(samples)) % spread.shape[1]
    given = Training(recipe, samples, folds, rows, inputs, device, float("inf"))
    task = next(iter(arrange(samples.task, recipe.model.arrangement).values()))
    start_s, job = _clock(lambda: make_job(given, task, fold, 0))
    n_views = len(recipe.feature_views) if recipe.model.freeze == "backbone" else len(recipe.predict_views) + 1
    is_split = recipe.model.freeze == "backbone" or isinstance(inputs, BlockInputs)
    frozen_s = _per_image(few_s, many_s, n, n_views) if is_split else 0.0
    train_s = 0.0
    if recipe.is_solved:
        start_s += _clock(lambda: job.solve(StopRequest()))[0]
    else:
        train_s = _time_steps(job)
    speeds = Speeds(frozen_s, train_s, _time_evaluation(job, inputs, n), start_s)
    return Rehearsal(speeds, inputs.view_bytes if isinstance(inputs, BlockInputs) else 0)


def _per_image(few_s: float, many_s: float, n: int, n_views: int) -> float:
    """What another image costs in one view; all of it where there are no more."""
    if n <= FEW:
        return many_s / (n * n_views)
    return max(many_s - few_s, 0.1 * many_s) / ((n - FEW) * n_views)


def _time_steps(job: Job) -> float:
    """Seconds of an image in a step, from the second one on: a first step allocates and packs."""
    fitting = job.prepare(StopRequest(), is_fresh=False)
    state, times, n_images = TrainState(), [], 0
    fitting.parts.enter_epoch(0)
    fitting.parts.model.train()
    started = time.perf_counter()
    for batch in _endless(lambda epoch: fitting.train.from_position(epoch, 0)):
        _step(fitting.parts, batch, state)
        times.append(time.perf_counter())
        n_images += len(batch.images) if len(times) > 1 else 0
        if len(times) > 1 and (len(times) > STEPS or times[-1] - started > STEPS_S):
            break
    return (times[-1] - times[0]) / n_images


def _step(parts: Parts, batch: Batch, state: TrainState) -> None:
    train_step(parts, batch, step=state.step, factor=parts.lr_factor(state))
    state.step += 1


def _endless(epoch_of: Callable[[int], Iterable[Batch]]) -> Iterable[Batch]:
    epoch = 0
    while True:
        yield from epoch_of(epoch)
        epoch += 1


def _time_evaluation(job: Job, inputs: Inputs, n: int) -> float:
    recipe = job.given.recipe

    def evaluate() -> object:
        batches = inputs.eval_batches(np.arange(n), recipe.predict_views[0])
        return predict_logits(job.model, batches, device=job.given.device, precision=recipe.training.precision)

    evaluate()
    return _clock(evaluate)[0] / n


def _clock(run: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    made = run()
    return time.perf_counter() - started, made
