"""Images made ready: every file decoded once into the cache, the facts of it kept, what cannot be decoded set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.curate import Audit, ValueUse, audit_of_facts, drop_quarantined, value_uses
from podium.data import ImageCache, build_cache
from podium.dataset.fingerprints import Fingerprints, fingerprints_of
from podium.dataset.locate import locate
from podium.images import Box, CutCentre, Preprocessing, height_and_width, read_size
from podium.listing import count_of, list_some, part_of
from podium.machine import Progress, Settings, say_while_waiting
from podium.recipe import Recipe
from podium.recipe.image_spec import WHOLE
from podium.regions.crop_boxes import crop_boxes
from podium.stopping import StopRequest, listen_for_stop
from podium.tables import Samples

__all__ = [
    "ReadyImages",
    "crops_of",
    "describe_crops",
    "describe_findings",
    "describe_short_sides",
    "describe_values",
    "make_ready",
    "median_side",
]

PROBED = 200
"""Files whose header tells the size that "auto" goes by."""


@dataclass(frozen=True)
class ReadyImages:
    """Decoded images.

    Args:
        samples: The samples whose image can be used.
        cache: Pixels of all samples.
        audit: Outcome and facts of all samples.
    """

    samples: Samples
    cache: ImageCache
    audit: Audit

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each usable sample in the cache, shape (N,)."""
        return self.cache.rows_of(self.samples.ids)

    def fingerprints(self) -> Fingerprints:
        """What tells twins among the usable samples."""
        return fingerprints_of(self.cache, self.samples.ids)


def median_side(samples: Samples) -> float:
    """Median of the shorter sides of at most 200 images, in pixels, from their headers; 224 where none can be read."""
    rows = np.unique(np.linspace(0, len(samples) - 1, PROBED).astype(np.int64))
    sizes = [read_size(samples.file(int(row))) for row in rows]
    sides = [min(size) for size in sizes if size is not None]
    return float(np.median(sides)) if sides else 224.0


def make_ready(samples: Samples, recipe: Recipe, settings: Settings, progress: Progress) -> ReadyImages:
    """Decode every image once; take up an interrupted or an earlier decoding where it fits.

    Args:
        samples: The images.
        recipe: A resolved recipe.
        settings: Places and limits.
        progress: Receives the number of images done.

    Raises:
        StorageError: If the cache cannot be written.
        Stopped: If a signal asked for it; what is decoded stays.
    """
    with listen_for_stop() as stop:
        samples = locate(samples, recipe, settings, progress, stop)
    first, *others = dict.fromkeys((recipe.image.region, *recipe.image.regions.values()))
    cache = _build(samples, recipe, first, settings, progress)
    if others:
        parts = {region: _build(samples, recipe, region, settings, progress) for region in others}
        cache = replace(cache, parts=parts)
    audit = audit_of_facts(samples, cache.facts)
    whole = replace(samples, size=np.stack([audit.width, audit.height], axis=1))
    return ReadyImages(drop_quarantined(whole, audit), cache, audit)


def _build(samples: Samples, recipe: Recipe, region: str, settings: Settings, progress: Progress) -> ImageCache:
    height, width = recipe.image.stored_sides
    boxes = crops_of(samples, recipe, region)
    with listen_for_stop() as stop, progress.stage("decode images", len(samples)) as update:
        return build_cache(
            samples,
            settings.cache_folder,
            height=height,
            width=width,
            fit=recipe.image.fit,
            preprocessing=recipe.image.preprocessing,
            limits=recipe.image.limits,
            boxes=boxes,
            n_threads=settings.n_threads * settings.processes,  # nobody trains yet
            while_waiting=say_while_waiting("the images", progress, stop),
            on_progress=_report(update, stop),
            announce=progress.note,
        )


def crops_of(samples: Samples, recipe: Recipe, region: str) -> list[Box | None] | None:
    """The part of each image that a region of the recipe is; None for whole images."""
    return None if region == WHOLE else crop_boxes(samples, region, recipe.image.region_pad)


def describe_findings(audit: Audit, preprocessing: Sequence[Preprocessing] = ()) -> list[str]:
    """What a user should know before training on these images.

    Args:
        audit: Facts of the files.
        preprocessing: What is done to every image before it is stored.
    """
    notes = []
    if audit.quarantine and audit.is_ok.any():
        few = ", ".join(row.id for row in audit.quarantine[:3])
        notes.append(f"{part_of(len(audit.quarantine), len(audit), 'image', 'cannot', 'cannot')} be decoded: {few}.")
    if audit.conflicts:
        few = "; ".join(" = ".join(members) for members in audit.conflicts[:3])
        notes.append(
            f"Identical files with different labels, {count_of(len(audit.conflicts), 'time')}: {few}. One label"
            f" is wrong."
        )
    several = audit.ids[audit.is_ok & (audit.n_frames > 1) & (audit.format != "MPO")]  # which hold a photo and extras
    if len(several):
        few = ", ".join(several[:3])
        notes.append(
            f"{part_of(len(several), len(audit), 'file', 'holds', 'hold')} several images (pages or frames);"
            f" only the first counts: {few}."
        )
    return [*notes, *describe_crops(audit, preprocessing), *describe_values(value_uses(audit))]


def describe_crops(audit: Audit, preprocessing: Sequence[Preprocessing]) -> list[str]:
    """A note for each centre crop that is larger than images are, which it leaves whole in that side."""
    good = audit.is_ok
    return describe_short_sides(audit.ids[good], np.column_stack([audit.height, audit.width])[good], preprocessing)


def describe_short_sides(
    ids: NDArray[np.object_], sizes: NDArray[np.integer[Any]], preprocessing: Sequence[Preprocessing]
) -> list[str]:
    """The same for images of known height and width, shape (N, 2)."""
    notes = []
    for step in preprocessing:
        height, width = height_and_width(step.size_px) if isinstance(step, CutCentre) else (0, 0)
        short = ids[(sizes < (height, width)).any(axis=1)]
        if len(short):
            notes.append(
                f"{part_of(len(short), len(ids), 'image', 'is', 'are')} smaller than the centre crop of"
                f" {height} x {width} px (height x width, image.preprocessing), and a side that is shorter stays"
                f" whole: {list_some(short, most=3)}."
            )
    return notes


def describe_values(uses: Sequence[ValueUse]) -> list[str]:
    """What a user should know about images of more than 8 bits."""
    notes = []
    for use in uses:
        if use.is_small:
            low, high = use.better_range
            notes.append(
                f"The values of {count_of(use.n_images, 'image')} of more than 8 bits"
                f" lie from {use.value_low:,} to"
                f" {use.value_high:,}, but {use.range_low:,} becomes black and {use.range_high:,} white: about"
                f" {use.n_levels} of 256 grey levels are left. Set the recipe key image.value_range=[{low}, {high}] if"
                " the values of all images, of the test set too, lie in that range."
            )
    if len(uses) > 1:
        listed = ", ".join(f"{use.n_images} by {use.range_low:,} to {use.range_high:,}" for use in uses[:5])
        notes.append(
            f"Images of more than 8 bits are scaled by different ranges: {listed}. Set the recipe key"
            " image.value_range=[low, high] if equal values should look alike."
        )
    return notes


def _report(update: Callable[[int], None], stop: StopRequest) -> Callable[[int, int], None]:
    def report(done: int, _total: int) -> None:
        update(done)
        stop.check()

    return report
