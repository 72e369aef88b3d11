"""Features of a frozen trunk for a set of stored images, computed once for all folds, heads and seeds."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data import ImageCache, eval_batch
from podium.models import Classifier, Trunk
from podium.predict import compute_features, feature_key
from podium.recipe import Recipe
from podium.tables import Task
from podium.workflows.progress import Progress
from podium.workflows.settings import Settings

__all__ = ["frozen_features", "trunk_digest"]

BATCH = 16
"""Images a forward pass: few enough that the layers' outputs stay in the processor's cache."""


def frozen_features(
    recipe: Recipe,
    trunk: Trunk,
    task: Task,
    cache: ImageCache,
    settings: Settings,
    device: torch.device,
    progress: Progress,
) -> NDArray[np.float32]:
    """Features of every cached image in every view, read-only float32 (V, N, D).

    They depend on the pixels, the weights, the size and the views, and on nothing else; a later run with the same
    ones finds them again.
    """
    size = int(recipe.image.size_px)
    views = tuple(recipe.feature_views)
    key = feature_key(cache.key, trunk_digest(trunk), size, list(views), trunk.mean, trunk.std)
    model = Classifier(trunk, task).to(device).eval()

    def images(view: str, rows: NDArray[np.int64]) -> torch.Tensor:
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        return torch.from_numpy(eval_batch(cache.pixels, rows, out, view))  # type: ignore[arg-type]

    def encode(batch: torch.Tensor) -> torch.Tensor:
        return model.features(batch.to(device))

    with progress.stage("features of the frozen network", len(views) * len(cache.ids)) as update:
        return compute_features(
            settings.cache_folder / "features" / key,
            encode,
            images,
            n_samples=len(cache.ids),
            n_features=trunk.n_features,
            views=views,
            batch_size=BATCH,
            on_progress=lambda done, _total: update(done),
        )


def trunk_digest(trunk: Trunk) -> str:
    """SHA-256 over the trunk's tensors, names and all."""
    digest = hashlib.sha256()
    for name, value in trunk.module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
