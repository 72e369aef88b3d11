"""Features of a frozen backbone for a set of stored images, computed once for all folds, heads and seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from podium.backbone.features import compute_features, compute_in_memory, feature_key
from podium.backbone.frozen_backbone import FrozenBackbone
from podium.backbone.frozen_forward import frozen_batch
from podium.data import StoredImages, eval_batch
from podium.durable import ONE_PASS_BYTES, PageBudget, wait_for_lock
from podium.engine.saved_weights import has_weights, load_weights, read_about, save_weights
from podium.listing import count_of
from podium.machine import Progress, Settings, say_while_waiting
from podium.models import Backbone
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest

__all__ = ["frozen_features", "keep_backbone", "load_backbone"]


def frozen_features(
    recipe: Recipe,
    frozen: FrozenBackbone,
    images: StoredImages,
    device: torch.device,
    settings: Settings,
    progress: Progress,
    *,
    stop: StopRequest | None = None,
) -> NDArray[np.float32]:
    """Features of every image in every view of the recipe's `feature_views`, float32 (V, N, D).

    They depend on the pixels, the weights, the size and the views, and on nothing else. Those of a cache are kept:
    a later run with the same ones finds them again. A stop is honoured before every batch; what is marked done stays
    done.
    """
    backbone, views, ids = frozen.backbone, tuple(recipe.feature_views), images.ids
    pages = PageBudget(images.pixels, ONE_PASS_BYTES)

    def encode(view: str, rows: NDArray[np.int64]) -> torch.Tensor:
        if stop is not None:
            stop.check()
        pages.count(len(rows) * images.pixels[0].nbytes)
        out = np.empty((len(rows), *recipe.image.sides, 3), dtype=np.uint8)
        batch = torch.from_numpy(eval_batch(images.pixels, rows, out, view))
        return frozen.features(batch, few=images.key is None)

    n, shape, batch_size = len(ids), (backbone.n_features,), frozen_batch(device)
    if images.key is None:
        return compute_in_memory(encode, n_samples=n, shape=shape, views=views, batch_size=batch_size)
    key = feature_key(
        images.key,
        frozen.digest,
        recipe.image.size_px,
        list(views),
        backbone.mean,
        backbone.std,
        str(frozen.way),
        device.type,
    )
    with progress.stage(f"features of the frozen backbone, {count_of(len(views), 'view')}", len(views) * n) as update:
        return compute_features(
            settings.cache_folder / "features" / key,
            encode,
            n_samples=n,
            shape=shape,
            views=views,
            batch_size=batch_size,
            on_progress=lambda done, _total: update(done),
            on_damage=lambda n: progress.note(
                f"The features of {count_of(n, 'image')} are damaged; they are computed again."
            ),
            while_waiting=say_while_waiting("the features", progress, stop),
        )


def keep_backbone(recipe: Recipe, folder: Path, *, built: Backbone | None = None) -> Backbone:
    """The frozen backbone of a run, kept in a folder: from there on, no resume and no prediction needs a hub.

    Args:
        recipe: A resolved recipe.
        folder: The run's folder for it.
        built: The backbone, where it is built already.
    """
    if has_weights(folder):
        return load_backbone(recipe, folder)
    with wait_for_lock(folder):  # a second process must not go on with other weights, should the hub change them
        if has_weights(folder):
            return load_backbone(recipe, folder)
        backbone = built or build_backbone_of(recipe)
        about = {
            "name": backbone.name,
            "source": backbone.weight_source,
            "mean": list(backbone.mean),
            "std": list(backbone.std),
            "n_features": backbone.n_features,
        }
        save_weights(backbone.module.state_dict(), folder, about)
    return backbone


def load_backbone(recipe: Recipe, folder: Path) -> Backbone:
    """The backbone that `keep_backbone` kept, with the normalisation its weights were made for."""
    about = read_about(folder)
    backbone = build_backbone_of(recipe, weights="random", n_features=about["n_features"])
    load_weights(backbone.module, folder)
    return replace(backbone, mean=tuple(about["mean"]), std=tuple(about["std"]))
