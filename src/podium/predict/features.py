"""Features of a frozen trunk: computed once for every view of every image, kept on disk, shared by all folds."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable
from podium.errors import LockedError, StorageError

__all__ = ["FeatureSource", "compute_features", "feature_key"]

FeatureSource = Callable[[str, NDArray[np.int64]], torch.Tensor]
"""(view, rows (B,)) -> images for the model, first axis B."""

CHUNK = 256
"""Images between two marks of a resumable computation."""
WAIT_S, POLL_S = 3600.0, 0.2


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

    Raises:
        LockedError: If another process still computes the same features after an hour.
        StorageError: If the disk refuses; the same call goes on where it stopped.
    """
    shape = (len(views), n_samples, n_features)
    path, journal = folder / "features.bin", durable.Journal(folder / "done.jsonl")
    jobs = [(place, start) for place in range(len(views)) for start in range(0, n_samples, CHUNK)]
    if not set(jobs) <= _read_done(path, journal, shape):
        with _waiting_for_lock(folder):
            done = _read_done(path, journal, shape)
            if not done:
                durable.remove_file(journal.path)
                durable.create_mapped(path, shape, np.dtype(np.float32))
            mapped = durable.open_mapped(path, shape, np.dtype(np.float32), "r+")
            for place, start in (job for job in jobs if job not in done):
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


def _read_done(path: Path, journal: durable.Journal, shape: tuple[int, ...]) -> set[tuple[int, int]]:
    """The (view, first row) of every chunk that is on the disk; none where a file is damaged: it can be made again."""
    try:
        durable.open_mapped(path, shape, np.dtype(np.float32), "r")
        return {(record["view"], record["start"]) for record in journal.read()}
    except StorageError:
        return set()


@contextmanager
def _waiting_for_lock(folder: Path) -> Iterator[None]:
    """The folder's lock, waited for: another run may be computing the same features right now."""
    deadline = time.monotonic() + WAIT_S
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(durable.hold_lock(folder))
                break
            except LockedError:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(POLL_S)
        yield
