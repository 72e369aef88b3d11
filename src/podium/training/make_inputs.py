"""The one way from a recipe and decoded images to what a model is trained on and predicts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from podium.backbone.block_outputs import block_outputs
from podium.backbone.frozen_backbone import FrozenBackbone
from podium.backbone.frozen_features import frozen_features, keep_backbone
from podium.data import StoredImages
from podium.machine import Progress, Settings
from podium.models import Backbone
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Task
from podium.training.inputs import BlockInputs, FeatureInputs, ImageInputs, Inputs

__all__ = ["make_inputs"]


def make_inputs(
    recipe: Recipe,
    task: Task,
    images: StoredImages,
    device: torch.device,
    settings: Settings,
    progress: Progress,
    *,
    backbone_folder: Path | None = None,
    frozen: FrozenBackbone | None = None,
    backbone: Backbone | None = None,
    stop: StopRequest | None = None,
) -> Inputs:
    """The inputs of every model of a run: features, outputs of frozen blocks, or the images themselves.

    Args:
        recipe: A recipe in which nothing is "auto".
        task: What is learnt.
        images: The decoded images.
        device: Where models are trained.
        settings: Places and threads.
        progress: Receives the progress of what is computed.
        backbone_folder: Where a frozen backbone's weights are kept, or are kept already; None keeps them nowhere.
        frozen: A frozen backbone that is ready already.
        backbone: A backbone with its start weights that the first model takes, in place of one that is built anew.
        stop: Asked before every batch of a frozen forward pass.
    """
    if recipe.model.freeze == "backbone":
        if frozen is None:
            frozen = _freeze(recipe, task, device, settings, progress, backbone_folder)
        return FeatureInputs(recipe, frozen_features(recipe, frozen, images, device, settings, progress, stop=stop))
    make_backbone = _first_of(backbone, partial(build_backbone_of, recipe))
    if recipe.model.cached_views:
        split_point, outputs = block_outputs(recipe, task, images, settings, device, progress, stop=stop)
        return BlockInputs(recipe, split_point, outputs, make_backbone)
    return ImageInputs(recipe, images.pixels, make_backbone, n_threads=settings.n_threads, device=device)


def _first_of(backbone: Backbone | None, build: Callable[[], Backbone]) -> Callable[[], Backbone]:
    """Gives this backbone once, and then new ones."""
    left = [] if backbone is None else [backbone]
    return lambda: left.pop() if left else build()


def _freeze(
    recipe: Recipe, task: Task, device: torch.device, settings: Settings, progress: Progress, folder: Path | None
) -> FrozenBackbone:
    backbone = build_backbone_of(recipe) if folder is None else keep_backbone(recipe, folder)
    return FrozenBackbone(recipe, backbone, task, device, settings.n_threads, progress)
