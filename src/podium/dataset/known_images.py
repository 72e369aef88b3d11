"""Whether images to be predicted are images the run was trained on: the same file, or nearly the same image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.data import is_complete, open_cache
from podium.dataset.fingerprints import Fingerprints, fingerprints_of, load_fingerprints
from podium.dataset.ready_images import ReadyImages
from podium.errors import StorageError
from podium.splits import LeakReport, find_twins_between
from podium.store import RunFolder
from podium.tables import Folds, Samples

__all__ = ["find_known_images"]


def find_known_images(run: RunFolder, samples: Samples, folds: Folds, images: ReadyImages) -> LeakReport | None:
    """What the images share with the training images of a run; None where nobody knows any more.

    Args:
        run: The run folder, which holds the fingerprints of its images.
        samples: The run's samples.
        folds: Their folds; no model learnt from the holdout.
        images: The images to be predicted.
    """
    learnt = _fingerprints_of(run, samples)
    if learnt is None:
        return None
    rows = folds.learnt_rows
    new = images.fingerprints()
    return find_twins_between(
        samples.take(rows),
        images.samples,
        sha256=(learnt["sha256"][rows], new["sha256"]),
        phash=(learnt["phash"][rows], new["phash"]),
        thumbnails=(learnt["thumbnails"][rows], new["thumbnails"]),
    )


def _fingerprints_of(run: RunFolder, samples: Samples) -> Fingerprints | None:
    """Those of the run's samples, from its folder, or from its cache where the folder has none or they are damaged."""
    record = run.read()
    try:
        return load_fingerprints(run.fingerprints_file, record["fingerprints_sha256"])
    except (StorageError, KeyError):
        return _fingerprints_of_cache(record, samples)


def _fingerprints_of_cache(record: Mapping[str, Any], samples: Samples) -> Fingerprints | None:
    folder = Path(record["cache"]) / record["cache_key"]
    if not is_complete(folder):
        return None
    try:
        cache = open_cache(folder)
    except StorageError:
        return None
    return fingerprints_of(cache, samples.ids)
