"""The one way from a recipe and decoded images to what a model is trained on and predicts from."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from podium.backbone.block_outputs import block_outputs
from podium.backbone.frozen_features import frozen_features, keep_backbone
from podium.data import ImageCache
from podium.machine import Progress, Settings
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Task
from podium.training.inputs import BlockInputs, FeatureInputs, ImageInputs, Inputs

__all__ = ["make_inputs"]


def make_inputs(
    recipe: Recipe,
    task: Task,
    cache: ImageCache,
    device: torch.device,
    settings: Settings,
    progress: Progress,
    *,
    backbone_folder: Path,
    stop: StopRequest | None = None,
) -> Inputs:
    """The inputs of every model of a run: features, outputs of frozen blocks, or the images themselves.

    Args:
        recipe: A recipe in which nothing is "auto".
        task: What is learnt.
        cache: The decoded images.
        device: Where models are trained.
        settings: Places and threads.
        progress: Told of what is computed.
        backbone_folder: Where a frozen backbone's weights are kept, or are kept already.
        stop: Asked before every batch of a frozen forward pass.
    """
    if recipe.model.freeze == "backbone":
        backbone = keep_backbone(recipe, backbone_folder)
        return FeatureInputs(
            recipe, frozen_features(recipe, backbone, task, cache, settings, device, progress, stop=stop)
        )
    make_backbone = partial(build_backbone_of, recipe)
    if recipe.model.cached_views:
        split_point, outputs = block_outputs(recipe, task, cache, settings, device, progress, stop=stop)
        return BlockInputs(recipe, split_point, outputs, make_backbone)
    return ImageInputs(recipe, cache.pixels, make_backbone, n_threads=settings.n_threads, device=device)
