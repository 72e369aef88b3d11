"""Features of a frozen trunk: computed once for every view of every image, kept on disk, shared by all folds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable

__all__ = ["FeatureSource", "compute_features", "feature_key"]

FeatureSource = Callable[[str, NDArray[np.int64]], torch.Tensor]
"""(view, rows (B,)) -> images for the model, first axis B."""

CHUNK = 256
"""Images between two marks of a resumable computation."""


def feature_key(*parts: Any) -> str:
    """A short name for features that depend on exactly these JSON-ready things."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def compute_features(
    folder: Path,
    encode: Callable[[torch.Tensor], torch.Tensor],
    source: FeatureSource,
    *,
    n_samples: int,
    n_features: int,
    views: Sequence[str],
    batch_size: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Features of all images in all views, memory-mapped from a file that a later call finds again.

    A computation that was cut off goes on at its last mark.

    Args:
        folder: Where they are kept; its name must tell images, weights and size apart (`feature_key`).
        encode: Images of a batch to features (B, D), in evaluation mode.
        source: Images of some rows in some view.
        n_samples: Number of images N.
        n_features: Number of features D.
        views: Views V.
        batch_size: Images a forward pass.
        on_progress: Told (images done, images in all), over all views.

    Returns:
        Read-only float32 array, shape (V, N, D).
    """
    shape = (len(views), n_samples, n_features)
    path, journal = folder / "features.bin", durable.Journal(folder / "done.jsonl")
    done = {(record["view"], record["start"]) for record in journal.read()} if path.is_file() else set()
    jobs = [(place, start) for place in range(len(views)) for start in range(0, n_samples, CHUNK)]
    if not path.is_file():
        durable.make_folder(folder)
        journal.truncate_to(0)
        durable.create_mapped(path, shape, np.dtype(np.float32))
    todo = [job for job in jobs if job not in done]
    if todo:
        mapped = durable.open_mapped(path, shape, np.dtype(np.float32), "r+")
        for place, start in todo:
            stop = min(start + CHUNK, n_samples)
            for first in range(start, stop, batch_size):
                rows = np.arange(first, min(first + batch_size, stop))
                with torch.inference_mode():
                    mapped[place, rows] = encode(source(views[place], rows)).float().cpu().numpy()
            durable.sync_mapped(mapped)
            journal.append({"view": place, "start": start})
            if on_progress is not None:
                on_progress(place * n_samples + stop, len(views) * n_samples)
        del mapped
    features: NDArray[np.float32] = durable.open_mapped(path, shape, np.dtype(np.float32), "r")
    return features
