"""The pixels of a run: those it was started with, from the cache or decoded again, and never those of other files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call
from podium.data import ImageCache, changed_files, is_complete, is_sound, open_cache
from podium.dataset.ready_images import make_ready
from podium.errors import CorruptFileError, ImageError, StorageError, UsageError
from podium.listing import count_of, list_some, part_of
from podium.machine import Caution, Progress, Settings
from podium.recipe import Recipe
from podium.store import RunFolder, edit_record
from podium.tables import Samples, as_text_array, load_samples, move_samples, read_csv

__all__ = ["check_run_files", "decode_run_images", "move_images", "open_run_images"]


def move_images(run: RunFolder, root: Path) -> None:
    """Remember that the folder of a run's images is somewhere else now.

    Args:
        run: The run.
        root: The folder; "NAME=FOLDER" for the further source NAME of a run with several.

    Raises:
        UsageError: If there is no such folder, or none of the run's images in it.
    """
    samples = load_samples(run.path)
    name, equals, folder = str(root).partition("=")
    source = name if equals and name in samples.roots else None
    place = Path(folder) if source is not None else root
    if not place.is_dir():
        raise UsageError(
            "there is no such folder.", where=place, field="root", fix="Name the folder where the run's images are now."
        )
    where = {"root": place} if source is None else {"roots": {**samples.roots, source: place}}
    moved = replace(samples, **where)
    rows = [row for row in range(len(moved)) if moved.root_of(row) == place]
    if not any(moved.file(row).is_file() for row in rows):
        raise UsageError(
            f"none of the run's {count_of(len(rows), 'image')} is here.",
            where=place,
            field="root",
            fix=f"Name the folder that holds {moved.paths[rows[0]]!r}.",
        )
    move_samples(run.path, place, source=source)


def open_run_images(
    run: RunFolder,
    record: Mapping[str, Any],
    samples: Samples,
    recipe: Recipe,
    settings: Settings,
    progress: Progress,
) -> ImageCache:
    """The pixels the run was started with. The cache has them; where it is gone, the files are decoded again, and where
    some of its pixels are damaged, the files of those.

    Args:
        run: The run folder.
        record: Its run.json.
        samples: Its samples.
        recipe: Its recipe.
        settings: Places and limits.
        progress: Receives the number of images done.

    Raises:
        ImageError: If cache and images are gone, or a file is another one than it was; lists them.
        StorageError: If the cache cannot be written.
        Stopped: If a signal asked for it; what is decoded stays.
    """
    folder = Path(record["cache"]) / record["cache_key"]
    cache = _open_all(folder, record.get("cache_parts", {}))
    if cache is None:
        _require_files(run, samples, is_damaged=is_complete(folder))
        cache = make_ready(samples, recipe, settings, progress).cache
        _require_same(run, samples, cache)
        with edit_record(run) as newest:
            newest |= {"cache": str(settings.cache_folder.resolve()), "cache_key": cache.folder.name}
            if cache.parts:
                newest |= {"cache_parts": {region: part.folder.name for region, part in cache.parts.items()}}
    else:
        _require_same(run, samples, cache)
        _tell_changed(samples, cache, progress)
    return cache


def decode_run_images(
    run: RunFolder, samples: Samples, recipe: Recipe, settings: Settings, progress: Progress
) -> ImageCache:
    """The run's images decoded as another recipe stores them, such as larger.

    Raises:
        ImageError: If images are gone, or are other files than at the start; lists them.
        StorageError: If the cache cannot be written.
        Stopped: If a signal asked for it; what is decoded stays.
    """
    _require_files(run, samples, is_damaged=False)
    cache = make_ready(samples, recipe, settings, progress).cache
    _require_same(run, samples, cache)
    return cache


def _open_all(folder: Path, parts: Mapping[str, str]) -> ImageCache | None:
    """A run's cache with those of its other regions; None where one is missing or damaged."""
    cache = _open_if_sound(folder)
    opened = {region: _open_if_sound(folder.parent / name) for region, name in parts.items()}
    found = {region: part for region, part in opened.items() if part is not None}
    return None if cache is None or len(found) < len(parts) else replace(cache, parts=found)


def _open_if_sound(folder: Path) -> ImageCache | None:
    if not is_complete(folder):
        return None
    try:
        cache = open_cache(folder)
    except StorageError:
        return None
    return cache if is_sound(cache) else None


def _require_files(run: RunFolder, samples: Samples, *, is_damaged: bool) -> None:
    gone = [samples.ids[row] for row in range(len(samples)) if not samples.file(row).is_file()]
    if gone:
        cache = "the cache with their pixels is damaged" if is_damaged else "so is the cache with their pixels"
        raise ImageError(
            f"{part_of(len(gone), len(samples), 'image', 'is', 'are')} missing, and {cache}.",
            where=samples.root,
            fix=f"Restore them, or say where they are now: {call('podium.resume', run.name, root='FOLDER')}.",
            details=gone,
        )


def _require_same(run: RunFolder, samples: Samples, cache: ImageCache) -> None:
    """Refuse pixels of files that are not the ones of the start."""
    rows = cache.rows_of(samples.ids)
    is_changed = ~cache.is_usable[rows]
    if run.images_file.is_file():  # runs of an older version have none
        is_changed |= cache.facts.sha256[rows] != _read_digests(run, samples)
    _refuse_changed(samples, is_changed)


def _refuse_changed(samples: Samples, is_changed: NDArray[np.bool_]) -> None:
    if is_changed.any():
        raise ImageError(
            f"{part_of(is_changed.sum(), len(samples), 'image', 'differs', 'differ')} from the files that this"
            f" run was started with.",
            where=samples.root,
            fix="Restore the old files, or start a new run on the new ones.",
            details=[str(name) for name in samples.ids[is_changed]],
        )


def _tell_changed(samples: Samples, cache: ImageCache, progress: Progress) -> None:
    """A caution where files are others now than those that the cache was made from; the run goes on with the latter."""
    changed = changed_files(cache, samples)
    if len(changed):
        few = list_some(samples.ids[changed], most=5)
        counts = (
            f"{part_of(len(changed), len(samples), 'image', 'was', 'were')} replaced since this run was started: {few}."
        )
        progress.note(
            Caution(f"{counts} It goes on with the pixels of its start, from the cache; a new run reads them.")
        )


def check_run_files(run: RunFolder, samples: Samples) -> None:
    """Refuse files of some of a run's images that are gone, or not the ones of the start.

    Args:
        run: The run folder.
        samples: Those images.

    Raises:
        ImageError: If there are any; lists them.
    """
    _require_files(run, samples, is_damaged=False)
    if not run.images_file.is_file():
        return
    found = as_text_array([durable.sha256_file(samples.file(row)) for row in range(len(samples))])
    _refuse_changed(samples, found != _read_digests(run, samples))


def _read_digests(run: RunFolder, samples: Samples) -> NDArray[np.object_]:
    columns = read_csv(run.images_file)
    try:
        known = dict(zip(columns["id"], columns["sha256"], strict=True))
        return as_text_array([known[name] for name in samples.ids])
    except KeyError as problem:
        raise CorruptFileError(
            f"{problem} is missing.", where=run.images_file, fix="Restore the file, or start a new run."
        ) from None
