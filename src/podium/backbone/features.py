"""What a frozen network makes of every view of every image: computed once, kept on disk, shared by all folds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from podium import durable
from podium.backbone.kept_features import KeptFeatures
from podium.errors import DivergedError, LockedError
from podium.models import DepthReader

__all__ = ["Encoder", "compute_features", "compute_in_memory", "feature_key", "state_digest"]

Encoder = Callable[[str, NDArray[np.int64]], torch.Tensor]
"""(view, rows (B,)) -> features of these images in this view, first axis B; called within inference mode."""

CHUNK = 256
"""Images between two marks of a resumable computation."""
_TORCH: dict[type, torch.dtype] = {np.float32: torch.float32, np.float16: torch.float16}


def feature_key(*parts: Any) -> str:
    """A short name for features that depend on exactly these JSON-ready things."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def state_digest(module: nn.Module) -> str:
    """SHA-256 over a network's tensors, names and all, what its layers are, and the depths that are read of it."""
    digest = hashlib.sha256(module.choice.encode() if isinstance(module, DepthReader) else b"")
    digest.update(" ".join(type(layer).__name__ for layer in module.modules()).encode())  # activations have no tensors
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def compute_features(
    folder: Path,
    encode: Encoder,
    *,
    n_samples: int,
    shape: tuple[int, ...],
    views: Sequence[str],
    batch_size: int,
    dtype: type[np.float32] | type[np.float16] = np.float32,
    on_progress: Callable[[int, int], None] | None = None,
    on_damage: Callable[[int], None] | None = None,
    while_waiting: Callable[[LockedError], None] | None = None,
) -> NDArray[np.floating[Any]]:
    """Features of all images in all views, memory-mapped from a file that a later call finds again.

    A computation that was cut off goes on at its last mark. What is no longer what was written is computed again.

    Args:
        folder: Where they are kept; its name must tell images, weights and size apart (`feature_key`).
        encode: Features (B, *shape) of some rows in some view.
        n_samples: Number of images N.
        shape: Shape of one image's features, (D,) for pooled ones.
        views: Views V.
        batch_size: Images a forward pass.
        dtype: What they are stored as.
        on_progress: Called with (images done, images in all), over all views.
        on_damage: Told how many images' features are damaged and computed again, counted over all views.
        while_waiting: Called again and again while another process computes the same features; what it raises ends
            the wait.

    Returns:
        Read-only array, shape (V, N, *shape).

    Raises:
        DivergedError: If a feature is not finite, or too large for the type.
        StorageError: If the disk refuses; the same call goes on where it stopped.
    """
    whole = (len(views), n_samples, *shape)
    kept = KeptFeatures(folder, whole, dtype, CHUNK)
    if kept.is_whole():
        return kept.map("r")
    with durable.wait_for_lock(folder, while_waiting=while_waiting):
        missing = kept.find_missing(on_damage)
        if len(missing) == kept.n_chunks:
            kept.start()
        mapped = kept.map("r+")
        for place, start in missing:
            stop = min(start + CHUNK, n_samples)
            for first in range(start, stop, batch_size):
                rows = np.arange(first, min(first + batch_size, stop))
                mapped[place, first : first + len(rows)] = _encode(encode, views[place], rows, dtype)
            kept.mark_done(mapped, place, start)
            if on_progress is not None:
                on_progress(place * n_samples + stop, len(views) * n_samples)
        del mapped
    return kept.map("r")


def compute_in_memory(
    encode: Encoder,
    *,
    n_samples: int,
    shape: tuple[int, ...],
    views: Sequence[str],
    batch_size: int,
    dtype: type[np.float32] | type[np.float16] = np.float32,
) -> NDArray[np.floating[Any]]:
    """Features as `compute_features` gives them, shape (V, N, *shape), kept nowhere."""
    features = np.empty((len(views), n_samples, *shape), dtype=dtype)
    for place, view in enumerate(views):
        for first in range(0, n_samples, batch_size):
            rows = np.arange(first, min(first + batch_size, n_samples))
            features[place, first : first + len(rows)] = _encode(encode, view, rows, dtype)
    return features


def _encode(encode: Encoder, view: str, rows: NDArray[np.int64], dtype: type) -> NDArray[np.floating[Any]]:
    with torch.inference_mode():
        encoded = encode(view, rows).to(_TORCH[dtype])
    if not torch.isfinite(encoded).all():
        raise DivergedError(f"features of view {view!r} are not finite as {dtype.__name__}.")
    return np.asarray(encoded.cpu().numpy())
