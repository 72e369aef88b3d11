"""Whether images to be predicted are images the run was trained on: the same file, or nearly the same picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.data import open_cache
from podium.data.image_cache import is_complete
from podium.splits import LeakReport, find_twins_between, make_thumbnails
from podium.tables import Samples
from podium.workflows.images_ready import ReadyImages

__all__ = ["find_known_images"]


def find_known_images(record: Mapping[str, Any], trained_on: Samples, images: ReadyImages) -> LeakReport | None:
    """What the images share with the training images of a run; None where the run's decoded images are gone.

    Args:
        record: The run's run.json, which names its cache.
        trained_on: The run's samples.
        images: The images to be predicted.
    """
    folder = Path(record["cache"]) / record["cache_key"]
    if not is_complete(folder):
        return None
    cache = open_cache(folder)
    rows = cache.rows_of(trained_on.ids)
    new = images.fingerprints()
    return find_twins_between(
        trained_on,
        images.samples,
        sha256=(cache.facts.sha256[rows], new["sha256"]),
        phash=(cache.facts.phash[rows], new["phash"]),
        thumbnails=(make_thumbnails(cache.pixels, rows), new["thumbnails"]),
    )
