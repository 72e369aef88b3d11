"""Whether images to be predicted are images the run was trained on: the same file, or nearly the same image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from podium.data import open_cache
from podium.data.image_cache import is_complete
from podium.dataset.ready_images import ReadyImages
from podium.splits import LeakReport, find_twins_between
from podium.tables import HOLDOUT, Folds, Samples
from podium.twins import make_thumbnails

__all__ = ["find_known_images"]


def find_known_images(
    record: Mapping[str, Any], samples: Samples, folds: Folds, images: ReadyImages
) -> LeakReport | None:
    """What the images share with the training images of a run; None where the run's decoded images are gone.

    Args:
        record: The run's run.json, which names its cache.
        samples: The run's samples.
        folds: Their folds; no model learnt from the holdout.
        images: The images to be predicted.
    """
    folder = Path(record["cache"]) / record["cache_key"]
    if not is_complete(folder):
        return None
    cache = open_cache(folder)
    trained_on = samples.take(np.flatnonzero(folds.fold != HOLDOUT))
    rows = cache.rows_of(trained_on.ids)
    new = images.fingerprints()
    return find_twins_between(
        trained_on,
        images.samples,
        sha256=(cache.facts.sha256[rows], new["sha256"]),
        phash=(cache.facts.phash[rows], new["phash"]),
        thumbnails=(make_thumbnails(cache.pixels, rows), new["thumbnails"]),
    )
