"""Features of a frozen network for an audit: those that a training with the preset computes, kept where it looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.data import ImageCache
from podium.errors import PodiumError, Stopped
from podium.machine import Caution, Progress, Settings
from podium.recipe import Recipe
from podium.stopping import listen_for_stop
from podium.tables import Head, Task

__all__ = ["features_of_both"]

_SIDES = Task((Head("side", "single", ("data", "test")),))


def features_of_both(
    recipe: Recipe,
    task: Task | None,
    caches: tuple[ImageCache, ImageCache],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    settings: Settings,
    progress: Progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Features of the plain view of some images of the data and of a test set; None, and a caution, without a network.

    Args:
        recipe: A recipe whose sizes are resolved.
        task: What is learnt; None where there are no labels.
        caches: Decoded images of the two.
        rows: Rows of the caches.
        settings: Device, places and threads.
        progress: Receives progress and notes.

    Raises:
        Stopped: If a signal asked for it; what is computed stays.
    """
    from podium.machine.tuning import restored_torch

    try:
        with restored_torch():
            return _compute(recipe, task or _SIDES, caches, rows, settings, progress)
    except Stopped:
        raise
    except PodiumError as problem:
        progress.note(Caution(f"Data and test set were not compared by what they show: {problem.what}"))
        return None


def _compute(
    recipe: Recipe,
    task: Task,
    caches: tuple[ImageCache, ImageCache],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    settings: Settings,
    progress: Progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from podium.machine.device import choose_device, prepare_process
    from podium.recipe import check_buildable, resolve_recipe, resolve_statistics, settle_features
    from podium.training.autotune import autotune_recipe
    from podium.training.cross_solve import frozen_recipe, make_frozen_inputs

    prepare_process(settings.n_threads)
    device = choose_device(settings.device)
    recipe = resolve_recipe(recipe, median_side_px=float(min(recipe.image.sides)))
    model = check_buildable(recipe, task)[1]
    recipe, _ = autotune_recipe(settle_features(recipe, model), model, len(caches[0]), settings, device, progress)
    recipe = frozen_recipe(resolve_statistics(recipe, caches[0].pixels, rows[0]), task, device)
    with listen_for_stop() as stop:
        data, test = (
            make_frozen_inputs(recipe, task, cache, device, settings, progress, stop, backbone_folder=None)
            for cache in caches
        )
    return data.features[0][rows[0]], test.features[0][rows[1]]
