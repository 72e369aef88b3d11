"""Features of a frozen backbone for a set of stored images, computed once for all folds, heads and seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from podium.backbone.features import compute_features, feature_key, state_digest
from podium.backbone.frozen_forward import frozen_batch, make_forward, recorded_way
from podium.data import ImageCache, eval_batch
from podium.durable import ONE_PASS_BYTES, PageBudget
from podium.engine.saved_weights import has_weights, load_weights, read_about, save_weights
from podium.machine import Progress, Settings
from podium.models import Backbone, Classifier
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Task

__all__ = ["frozen_features", "keep_backbone", "load_backbone"]


def frozen_features(
    recipe: Recipe,
    backbone: Backbone,
    task: Task,
    cache: ImageCache,
    settings: Settings,
    device: torch.device,
    progress: Progress,
    *,
    stop: StopRequest | None = None,
) -> NDArray[np.float32]:
    """Features of every cached image in every view, read-only float32 (V, N, D).

    They depend on the pixels, the weights, the size and the views, and on nothing else; a later run with the same
    ones finds them again. A stop is honoured before every batch; what is marked done stays done.
    """
    size = int(recipe.image.size_px)
    views = tuple(recipe.feature_views)
    way = recorded_way(recipe, device, progress)
    key = feature_key(
        cache.key, state_digest(backbone.module), size, list(views), backbone.mean, backbone.std, str(way), device.type
    )
    forward = make_forward(Classifier(backbone, task).to(device).eval(), None, size, way, device, settings.n_threads)

    pages = PageBudget(cache.pixels, ONE_PASS_BYTES)

    def encode(view: str, rows: NDArray[np.int64]) -> torch.Tensor:
        if stop is not None:
            stop.check()
        pages.count(len(rows) * cache.pixels[0].nbytes)
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        return forward(torch.from_numpy(eval_batch(cache.pixels, rows, out, view)))  # type: ignore[arg-type]

    with progress.stage("features of the frozen network", len(views) * len(cache.ids)) as update:
        return compute_features(
            settings.cache_folder / "features" / key,
            encode,
            n_samples=len(cache.ids),
            shape=(backbone.n_features,),
            views=views,
            batch_size=frozen_batch(device),
            on_progress=lambda done, _total: update(done),
        )


def keep_backbone(recipe: Recipe, folder: Path) -> Backbone:
    """The frozen backbone of a run, kept in a folder: from there on, no resume and no prediction needs a hub.

    Args:
        recipe: A resolved recipe.
        folder: The run's folder for it.
    """
    if has_weights(folder):
        return load_backbone(recipe, folder)
    backbone = build_backbone_of(recipe)
    about = {
        "name": backbone.name,
        "source": backbone.weight_source,
        "mean": list(backbone.mean),
        "std": list(backbone.std),
    }
    save_weights(backbone.module.state_dict(), folder, about)
    return backbone


def load_backbone(recipe: Recipe, folder: Path) -> Backbone:
    """The backbone that `keep_backbone` kept, with the normalisation its weights were made for."""
    backbone, about = build_backbone_of(recipe, weights="random"), read_about(folder)
    load_weights(backbone.module, folder)
    return replace(backbone, mean=tuple(about["mean"]), std=tuple(about["std"]))
