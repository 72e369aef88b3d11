"""Whether a preset has time, foreseen from a few of its images before all are decoded at its size."""

from __future__ import annotations

import time

import numpy as np

from podium.crossval.minutes import TimeBudget
from podium.crossval.time_budget import count_run, explain_short_time
from podium.data import MemoryImages, store_in_memory
from podium.dataset.prepared import Prepared
from podium.dataset.ready_images import median_side
from podium.errors import UsageError
from podium.machine import Settings
from podium.machine.device import choose_device, prepare_process
from podium.machine.tuning import restored_torch
from podium.recipe import Recipe, resolve_recipe, resolve_statistics
from podium.training.autotune import require_engine, resolve_without_autotune
from podium.training.rehearsal import MANY, rehearse
from podium.training.time_plan import MARGIN, duration_words, plan_epochs

__all__ = ["check_time", "has_other_size"]

WORTH_LOOKING_S = 120.0
"""With less time left, looking would cost the smaller preset too much of it."""


def has_other_size(recipe: Recipe, prepared: Prepared, other: Recipe) -> bool:
    """Whether a model sees images of another size than that of another recipe, whose sizes are settled."""
    return resolve_recipe(recipe, median_side_px=median_side(prepared.samples)).image.sides != other.image.sides


def check_time(recipe: Recipe, prepared: Prepared, chosen: list[int], settings: Settings, budget: TimeBudget) -> None:
    """Raise where a recipe has no time for its least epochs, after decoding all images at its size.

    A few images are decoded by the clock and a few steps rehearsed, as the plan of a run rehearses them; autotune is
    not asked, so that a run can only be faster.

    Args:
        recipe: The recipe, "auto" allowed.
        prepared: Samples and folds.
        chosen: Folds to train.
        settings: Machine and places.
        budget: The minutes, and the least epochs.

    Raises:
        UsageError: If there is no time; says how long it would take.
    """
    if budget.seconds_left < WORTH_LOOKING_S:
        raise UsageError(
            f"its images have another size, and {max(budget.seconds_left, 0):.0f} seconds are too few to look how long"
            " they would take.",
            field="minutes",
        )
    device = choose_device(settings.device)
    recipe = resolve_recipe(recipe, median_side_px=median_side(prepared.samples))
    require_engine(recipe, device)
    recipe = resolve_without_autotune(recipe, device)
    few, decode_s = _decode_few(recipe, prepared, settings)
    recipe = resolve_statistics(recipe, few.pixels, np.arange(len(few.ids)))
    with restored_torch():
        prepare_process(settings.n_threads)
        rehearsal = rehearse(recipe, prepared.samples, prepared.folds, few, chosen[0], settings, device)
    work = count_run(recipe, prepared, chosen, settings, int(recipe.model.cached_views))
    left = budget.seconds_left - decode_s / MARGIN
    if plan_epochs(work, rehearsal.speeds, left, most=budget.least_epochs) < budget.least_epochs:
        short = explain_short_time(recipe, budget, budget.least_epochs, work, rehearsal.speeds, chosen, left)
        raise UsageError(f"{short.what} Decoding takes {duration_words(decode_s)}.", field="minutes", fix=short.fix)


def _decode_few(recipe: Recipe, prepared: Prepared, settings: Settings) -> tuple[MemoryImages, float]:
    """A few images at the recipe's size, and the seconds that all will take."""
    n, image = min(MANY, len(prepared.samples)), recipe.image
    rows = np.linspace(0, len(prepared.samples) - 1, n).astype(np.int64)
    started = time.monotonic()
    few = store_in_memory(
        [prepared.samples.file(int(row)) for row in rows],
        *image.stored_sides,
        image.fit,
        n_threads=settings.n_threads,
        limits=image.limits,
        preprocessing=image.preprocessing,
    )
    return few, (time.monotonic() - started) / n * len(prepared.samples)
