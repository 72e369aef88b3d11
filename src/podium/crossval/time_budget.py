"""Minutes for a run: what it will take is said before it starts, and its epochs are planned so that it ends in time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from podium.advice import options
from podium.backbone.frozen_forward import frozen_batch
from podium.crossval.minutes import TimeBudget
from podium.data import StoredImages
from podium.dataset.prepared import Prepared
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.recipe import Recipe, apply_overrides, arrange
from podium.training.autotune import most_views
from podium.training.rehearsal import rehearse
from podium.training.time_plan import (
    MARGIN,
    Speeds,
    Work,
    count_work,
    duration_words,
    forecast_seconds,
    plan_epochs,
)

__all__ = ["count_run", "explain_short_time", "forecast", "plan_length", "speeds_of_autotune"]

WORTH_SAYING_S = 30.0
"""A shorter run is over before its forecast is read."""
MOST_TIMES = 4
"""Most epochs of a plan, as a multiple of the recipe's."""
SMALLEST_PX = 64
"""Smallest image size that is suggested."""
OPTIMIZER, EVALUATION = 1.25, 0.35
"""A step beside the forward and backward pass that autotune times, and an evaluation."""
HEADS_S = 1e-5
"""Seconds of one row of features in a step of linear heads."""


def plan_length(
    recipe: Recipe,
    budget: TimeBudget,
    prepared: Prepared,
    images: StoredImages,
    chosen: Sequence[int],
    settings: Settings,
    device: torch.device,
    progress: Progress,
    *,
    views_are_open: bool,
) -> tuple[Recipe, dict[str, Any]]:
    """The recipe with as many epochs as end in time, and what was measured and planned, for the record.

    A few steps are rehearsed; then the plan is a pure function of speeds and seconds. At most four times the recipe's
    epochs are planned, and of a frozen backbone no more than its own.

    Args:
        recipe: A recipe in which nothing is "auto".
        budget: The minutes.
        prepared: Samples and folds.
        images: Their decoded images.
        chosen: Folds to train.
        settings: Machine and places.
        device: Where it is trained.
        progress: Receives the plan.
        views_are_open: Whether the number of cached views follows the epochs.

    Raises:
        UsageError: If not one epoch fits; says what would.
    """
    samples, folds = prepared.samples, prepared.folds
    rehearsal = rehearse(recipe, samples, folds, images, chosen[0], settings, device)
    n_views = int(recipe.model.cached_views)
    if n_views and views_are_open:
        n_views = most_views(recipe, len(images.ids), rehearsal.view_bytes, settings)
    work = count_run(recipe, prepared, chosen, settings, n_views)
    seconds, most = budget.seconds_left, _most_epochs(recipe)
    epochs = plan_epochs(work, rehearsal.speeds, seconds, most=most)
    least = min(max(budget.least_epochs, recipe.training.soup_epochs or 1), most)
    if epochs < least:
        raise explain_short_time(recipe, budget, least, work, rehearsal.speeds, chosen, seconds)
    expected = forecast_seconds(work, rehearsal.speeds, epochs)
    plan = {
        "minutes": budget.minutes,
        "seconds_left": round(seconds, 1),
        "speeds": rehearsal.speeds.to_dict(),
        "epochs": epochs,
        "forecast_seconds": round(expected, 1),
    }
    progress.note(_say_plan(recipe, budget, work, epochs, expected, most))
    return _with_epochs(recipe, epochs, n_views), plan


def count_run(recipe: Recipe, prepared: Prepared, chosen: Sequence[int], settings: Settings, n_views: int) -> Work:
    """What a run of a resolved recipe computes, with so many cached views at most."""
    task = prepared.samples.task
    assert task is not None, "samples to train on have labels"
    n_models, processes = len(arrange(task, recipe.model.arrangement)), settings.processes
    return count_work(recipe, prepared.folds, chosen, most_views=n_views, n_models=n_models, processes=processes)


def _most_epochs(recipe: Recipe) -> int:
    if recipe.is_solved:
        return 1
    return recipe.training.epochs * (1 if recipe.model.freeze == "backbone" else MOST_TIMES)


def _with_epochs(recipe: Recipe, epochs: int, n_views: int) -> Recipe:
    lines = [] if recipe.is_solved or epochs == recipe.training.epochs else [f"training.epochs={epochs}"]
    if recipe.model.cached_views:
        lines.append(f"model.cached_views={min(epochs, n_views)}")
    return apply_overrides(recipe, lines) if lines else recipe


def _say_plan(recipe: Recipe, budget: TimeBudget, work: Work, epochs: int, expected: float, most: int) -> str:
    length = "" if recipe.is_solved else f"{count_of(epochs, 'epoch')}, "
    line = f"Planned: {length}{_about(expected, work)}, of the {budget.minutes:g} minutes."
    is_trained = recipe.model.freeze != "backbone"
    if is_trained and epochs == most and expected < MARGIN * budget.seconds_left / 2:
        line += (
            f" There is time for more; {count_of(most, 'epoch is', 'epochs are')} the most that is planned"
            f" for this recipe."
        )
    return line


def _about(seconds: float, work: Work) -> str:
    return f"about {duration_words(seconds)} for {count_of(len(work.trainings), 'training')}"


def explain_short_time(
    recipe: Recipe, budget: TimeBudget, least: int, work: Work, speeds: Speeds, chosen: Sequence[int], seconds: float
) -> UsageError:
    """The error for a run whose least epochs do not fit, with what would."""
    needed = forecast_seconds(work, speeds, least)
    gone = 60 * budget.minutes - seconds
    minutes = math.ceil((gone + needed / MARGIN) / 60 + 0.05)
    ways = [options(minutes=minutes)]
    n_folds = _folds_that_fit(work, speeds, seconds, len(chosen))
    if n_folds:
        ways.append(options(only_folds=list(chosen[:n_folds])))
    side = int(max(recipe.image.sides) * math.sqrt(max(MARGIN * seconds, 0) / needed)) // 32 * 32
    if side >= SMALLEST_PX:
        ways.append(f"image.size_px={side}")
    what = "solving the heads" if recipe.is_solved else count_of(least, "epoch")
    return UsageError(
        f"{what} would take {_about(needed, work)} here, and {_left(seconds)} of {budget.minutes:g} minutes.",
        field="minutes",
        fix=f"Use {', or '.join(ways)}.",
    )


def _folds_that_fit(work: Work, speeds: Speeds, seconds: float, n_folds: int) -> int:
    """How many of the folds have time for one epoch, fewer than all; 0 where none has."""
    per_fold = len(work.trainings) // n_folds
    fewer = range(n_folds - 1, 0, -1)
    return next((n for n in fewer if plan_epochs(work.of_first(n * per_fold), speeds, seconds, most=1)), 0)


def _left(seconds: float) -> str:
    return f"{seconds:.0f} seconds are left" if seconds > 0 else "nothing is left"


def forecast(
    recipe: Recipe,
    prepared: Prepared,
    chosen: Sequence[int],
    measured: Mapping[str, Any],
    settings: Settings,
    device: torch.device,
) -> str | None:
    """How long a run will take, in a line; from what autotune measured, and None where it did not or it is soon over.

    What an earlier run left in the cache makes it shorter.
    """
    speeds = speeds_of_autotune(recipe, measured, frozen_batch(device))
    if speeds is None:
        return None
    work = count_run(recipe, prepared, chosen, settings, int(recipe.model.cached_views))
    seconds = forecast_seconds(work, speeds, recipe.training.epochs)
    if seconds < WORTH_SAYING_S:
        return None
    return f"This takes {_about(seconds, work)} here, by what autotune measured."


def speeds_of_autotune(recipe: Recipe, measured: Mapping[str, Any], frozen_images: int) -> Speeds | None:
    """Speeds from the passes that autotune timed; None where one that counts was not.

    Args:
        recipe: The recipe.
        measured: What `autotune_recipe` gave.
        frozen_images: Images of a frozen pass.
    """
    is_frozen = recipe.model.freeze == "backbone"
    frozen_s = _per_image(measured.get("frozen"), frozen_images)
    if frozen_s is None and (is_frozen or recipe.model.cached_views):
        return None
    if is_frozen:
        return Speeds(frozen_s or 0.0, HEADS_S, HEADS_S / 10, start_s=1.0)
    train_s = _per_image(measured.get("training"), None)
    if train_s is None:
        return None
    return Speeds(frozen_s or 0.0, OPTIMIZER * train_s, EVALUATION * train_s, start_s=1.0)


def _per_image(probe: Mapping[str, Any] | None, n_images: int | None) -> float | None:
    """Seconds an image of what a probe chose."""
    if probe is None:
        return None
    seconds = probe["seconds"].get(" ".join(map(str, probe["chosen"].values())))
    n = probe.get("images") or n_images
    return None if seconds is None or n is None else float(seconds) / n
