"""Outputs of the frozen blocks, computed once for all folds: plain views to evaluate on, augmented views to train on.

An augmented view k of an image is what a training would see in its epoch k, so a training on as many cached views as
epochs sees real augmentation, fresh in each epoch, and pays for the frozen blocks once instead of once a fold.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.backbone.features import compute_features, compute_in_memory, feature_key, state_digest
from podium.backbone.frozen_forward import Way, frozen_batch, make_forward, recorded_way
from podium.backbone.split_point import SplitPoint, find_split_point
from podium.data import StoredImages, augment_batch, eval_batch, sample_keys
from podium.durable import ONE_PASS_BYTES, PageBudget
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, say_while_waiting
from podium.recipe import Recipe, build_backbone_of, build_model
from podium.stopping import StopRequest
from podium.tables import Task

__all__ = ["block_outputs"]

AUGMENTED = "augmented "


def block_outputs(
    recipe: Recipe,
    task: Task,
    images: StoredImages,
    settings: Settings,
    device: torch.device,
    progress: Progress,
    *,
    stop: StopRequest | None = None,
) -> tuple[SplitPoint, NDArray[np.floating[Any]]]:
    """The split point, and the frozen blocks' output for every image, float16 (V, N, *shape).

    The first views are the recipe's `predict_views`, in the precision that the model is trained in, because they
    judge it; `cached_views` augmented ones follow, in the recipe's `frozen_precision`. Its `frozen_engine` computes
    them. They depend on the pixels, the frozen blocks' weights, the size, the arithmetic, the augmentations and the
    seed, and a later run with the same ones finds them again.

    Raises:
        UsageError: If the network cannot be split after its frozen blocks.
    """
    height, width = size = recipe.image.sides
    backbone = build_backbone_of(recipe)
    model = build_model(recipe, backbone, task, seed=recipe.seed).to(device).eval()
    tried = torch.arange(2 * height * width * 3, dtype=torch.int64).remainder(251).to(torch.uint8)
    split_point = find_split_point(model, tried.view(2, height, width, 3).to(device))
    if split_point is None:
        raise UsageError(
            f"{recipe.model.name!r} cannot be split after its frozen blocks.", fix="Use model.cached_views=0."
        )
    augmentations = [asdict(item) for item in recipe.augmentations]
    quick, precision = recorded_way(recipe, device, progress), str(recipe.training.precision)
    # In fp32 engines differ by less than float16 rounds away; in lower precisions each has its own.
    exact = Way(quick.engine if precision == "fp32" else "torch", precision)
    views = [*recipe.predict_views, *(f"{AUGMENTED}{number}" for number in range(int(recipe.model.cached_views)))]
    about = [
        split_point.last,
        recipe.image.size_px,
        views,
        backbone.mean,
        backbone.std,
        augmentations,
        recipe.seed,
        str(exact),
        str(quick),
        device.type,
    ]
    key = feature_key(images.key, state_digest(backbone.module), *about)
    keys = sample_keys(images.ids.tolist())
    judging = make_forward(model, split_point, size, exact, device, settings.n_threads, keep=True)
    learning = make_forward(model, split_point, size, quick, device, settings.n_threads)

    pages = PageBudget(images.pixels, ONE_PASS_BYTES)

    def encode(view: str, rows: NDArray[np.int64]) -> torch.Tensor:
        if stop is not None:
            stop.check()
        pages.count(len(rows) * images.pixels[0].nbytes)
        out = np.empty((len(rows), *size, 3), dtype=np.uint8)
        if view.startswith(AUGMENTED):
            how, epoch = recipe.augmentations, int(view.removeprefix(AUGMENTED))
            augment_batch(images.pixels, rows, keys[rows], how, seed=recipe.seed, epoch=epoch, out=out)
            return learning(torch.from_numpy(out))
        eval_batch(images.pixels, rows, out, view)
        return judging(torch.from_numpy(out))

    if images.key is None:
        outputs = compute_in_memory(
            encode,
            n_samples=len(images.ids),
            shape=split_point.shape,
            views=views,
            batch_size=frozen_batch(device),
            dtype=np.float16,
        )
        return split_point, outputs
    with progress.stage(
        f"outputs of the frozen blocks, {count_of(len(views), 'view')}", len(views) * len(images.ids)
    ) as update:
        outputs = compute_features(
            settings.cache_folder / "block_outputs" / key,
            encode,
            n_samples=len(images.ids),
            shape=split_point.shape,
            views=views,
            batch_size=frozen_batch(device),
            dtype=np.float16,
            on_progress=lambda done, _total: update(done),
            on_damage=lambda n: progress.note(
                f"The outputs of the frozen blocks of {count_of(n, 'image')} are damaged; they are computed again."
            ),
            while_waiting=say_while_waiting("the outputs of the frozen blocks", progress, stop),
        )
    return split_point, outputs
