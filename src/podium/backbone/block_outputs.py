"""What a frozen stem makes of the images, computed once for all folds: plain views to judge by, augmented ones to learn
from.

An augmented view k of an image is what a training would see in its epoch k, so a training on as many cached views as
epochs sees real augmentation, fresh in each epoch, and pays for the stem once instead of once a fold.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.backbone.features import compute_features, feature_key, state_digest
from podium.backbone.frozen_forward import Way, frozen_batch, make_forward, recorded_way
from podium.backbone.split_point import StemCut, find_cut
from podium.data import ImageCache, augment_batch, eval_batch, sample_keys
from podium.durable import ONE_PASS_BYTES, PageBudget
from podium.errors import UsageError
from podium.machine import Progress, Settings
from podium.recipe import Recipe, build_model, build_trunk_of
from podium.stopping import StopRequest
from podium.tables import Task

__all__ = ["stem_features"]

AUGMENTED = "augmented "


def stem_features(
    recipe: Recipe,
    task: Task,
    cache: ImageCache,
    settings: Settings,
    device: torch.device,
    progress: Progress,
    *,
    stop: StopRequest | None = None,
) -> tuple[StemCut, NDArray[np.floating[Any]]]:
    """Where the network is cut, and the stem's output for every cached image, read-only float16 (V, N, *cut.shape).

    The first views are the recipe's `predict_views`, in the precision that the model is trained in, because they
    judge it; `stem_views` augmented ones follow, in the recipe's `frozen_precision`. Its `frozen_engine` computes them.
    They depend on the pixels, the stem's weights, the size, the arithmetic, the augmentations and the seed, and a later
    run with the same ones finds them again.

    Raises:
        UsageError: If the network cannot be cut after its stem.
    """
    size = int(recipe.image.size_px)
    trunk = build_trunk_of(recipe)
    model = build_model(recipe, trunk, task, seed=recipe.seed).to(device).eval()
    images = torch.arange(2 * size * size * 3, dtype=torch.int64).remainder(251).to(torch.uint8).view(2, size, size, 3)
    cut = find_cut(model, images.to(device))
    if cut is None:
        raise UsageError(f"{recipe.model.name!r} cannot be cut after its stem.", fix="Use model.stem_views=0.")
    augmentations = [asdict(item) for item in recipe.augmentations]
    quick, precision = recorded_way(recipe, device, progress), str(recipe.training.precision)
    # In fp32 engines differ by less than float16 rounds away; in lower precisions each has its own.
    exact = Way(quick.engine if precision == "fp32" else "torch", precision)
    views = [*recipe.predict_views, *(f"{AUGMENTED}{number}" for number in range(int(recipe.model.stem_views)))]
    about = [
        cut.last,
        size,
        views,
        trunk.mean,
        trunk.std,
        augmentations,
        recipe.seed,
        str(exact),
        str(quick),
        device.type,
    ]
    key = feature_key(cache.key, state_digest(trunk.module), *about)
    keys = sample_keys(cache.ids.tolist())
    judging = make_forward(model, cut, size, exact, device, settings.n_threads, keep=True)
    learning = make_forward(model, cut, size, quick, device, settings.n_threads)

    pages = PageBudget(cache.pixels, ONE_PASS_BYTES)

    def encode(view: str, rows: NDArray[np.int64]) -> torch.Tensor:
        if stop is not None:
            stop.check()
        pages.count(len(rows) * cache.pixels[0].nbytes)
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        if view.startswith(AUGMENTED):
            how, epoch = recipe.augmentations, int(view.removeprefix(AUGMENTED))
            augment_batch(cache.pixels, rows, keys[rows], how, seed=recipe.seed, epoch=epoch, out=out)
            return learning(torch.from_numpy(out))
        eval_batch(cache.pixels, rows, out, view)  # type: ignore[arg-type]
        return judging(torch.from_numpy(out))

    with progress.stage("output of the frozen stem", len(views) * len(cache.ids)) as update:
        outputs = compute_features(
            settings.cache_folder / "stems" / key,
            encode,
            n_samples=len(cache.ids),
            shape=cut.shape,
            views=views,
            batch_size=frozen_batch(device),
            dtype=np.float16,
            on_progress=lambda done, _total: update(done),
        )
    return cut, outputs
