"""A run's images as a frozen network sees them: the features that the run has in the cache, or of its start weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from podium.dataset.ready_images import make_ready
from podium.dataset.run_images import open_run_images
from podium.machine import Progress, Settings
from podium.machine.device import choose_device, prepare_process
from podium.recipe import Recipe, load_recipe
from podium.stopping import StopRequest
from podium.store import RunFolder, refuse_ensemble
from podium.tables import Samples, Task
from podium.training.autotune import resolve_without_autotune
from podium.training.cross_solve import frozen_recipe, make_frozen_inputs
from podium.training.inputs import FeatureInputs
from podium.twins import make_directions

__all__ = ["FrozenView", "open_frozen_view"]


@dataclass(frozen=True, eq=False)
class FrozenView:
    """Images by their frozen features.

    Args:
        own: The run's recipe, resolved.
        recipe: The recipe that the features are of; `own` itself where its heads are solved.
        inputs: The features of all images of the cache.
        rows: Row of each sample in them, shape (N,).
        is_usable: Whether each sample can be decoded, shape (N,); all of a run's can.
        device: Where they are computed.
    """

    own: Recipe
    recipe: Recipe
    inputs: FeatureInputs
    rows: NDArray[np.int64]
    is_usable: NDArray[np.bool_]
    device: torch.device

    def directions(self) -> NDArray[np.float32]:
        """The samples as directions, float32 (N, D), see `podium.twins.make_directions`."""
        return make_directions(self.inputs.features[0][self.rows])


def open_frozen_view(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
    *,
    unlabelled: Task | None = None,
) -> FrozenView:
    """The frozen features of samples: of the cache, or computed in one pass.

    A run that trained its network gets those of its start weights: what was trained puts images that it knows where
    their label is.

    Args:
        run: The run folder.
        samples: Some of its samples.
        settings: Machine and places.
        progress: Receives progress and notes.
        stop: Asked before every batch.
        unlabelled: The run's task where the samples are other images, without labels; they are decoded as its own were.

    Raises:
        ImageError: If cache and images are gone, or a file is another one than it was.
        Stopped: If it was asked for.
    """
    refuse_ensemble(run, "A look at features")
    task = unlabelled or samples.task
    assert task is not None, "a run has labels"
    record, device = run.read(), choose_device(settings.device)
    prepare_process(run.n_threads)
    own = resolve_without_autotune(load_recipe(run.recipe_file), device)
    if unlabelled is None:
        cache = open_run_images(run, record, samples, own, settings, progress)
    else:
        cache = make_ready(samples, own, settings, progress).cache
    recipe = frozen_recipe(own, task, device)
    folder = run.backbone_folder if own.model.freeze == "backbone" else None
    inputs = make_frozen_inputs(recipe, task, cache, device, settings, progress, stop, backbone_folder=folder)
    rows = cache.rows_of(samples.ids)
    return FrozenView(own, recipe, inputs, rows, cache.is_usable[rows], device)
