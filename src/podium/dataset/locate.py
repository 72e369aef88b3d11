"""Boxes of the regions that a recipe cuts: those that the samples have, and those that its detectors find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from podium.advice import option
from podium.errors import SourceError
from podium.images import Box
from podium.listing import list_some, part_of
from podium.machine import Caution, Progress, Settings, say_while_waiting
from podium.recipe import Recipe
from podium.recipe.check_regions import check_box_sources
from podium.recipe.image_spec import WHOLE
from podium.regions import read_chain
from podium.regions.crop_boxes import boxes_of, crop_boxes
from podium.regions.search import find_boxes
from podium.stopping import StopRequest
from podium.tables import UNREADABLE, Samples, no_boxes

__all__ = ["count_sources", "locate", "located_crops"]


def locate(samples: Samples, recipe: Recipe, settings: Settings, progress: Progress, stop: StopRequest) -> Samples:
    """The samples with a box for every image in each region that the recipe cuts.

    Args:
        samples: The images.
        recipe: Says which regions, and which detectors are asked for those that are missing.
        settings: Places and threads.
        progress: Receives the number of images looked at, and by whom each region was found.
        stop: Asked after every image.

    Raises:
        RecipeError: If a region has neither boxes nor detectors.
        SourceError: If images are left without a box; lists them.
    """
    if not recipe.image.used_regions:
        return samples
    check_box_sources(recipe, samples)
    for region in recipe.image.used_regions:
        samples = _locate_one(samples, region, recipe, settings, progress, stop)
    for name in dict.fromkeys(boxes_of(samples, region)[0] for region in recipe.image.used_regions):
        progress.note(f"Boxes of {name}: {count_sources(samples, name)}.")
    return samples


def located_crops(
    samples: Samples, recipe: Recipe, settings: Settings, progress: Progress, stop: StopRequest
) -> list[Box | None]:
    """The part of each image that the recipe's region is, found where it is not known; None for a whole image."""
    if recipe.image.region == WHOLE:
        return [None] * len(samples)
    samples = locate(samples, recipe, settings, progress, stop)
    return crop_boxes(samples, recipe.image.region, recipe.image.region_pad)


def count_sources(samples: Samples, region: str) -> str:
    """How many boxes each source found, in words."""
    return ", ".join(f"{name} {n:,}" for name, n in samples.boxes[region].counts().items())


def _locate_one(
    samples: Samples, region: str, recipe: Recipe, settings: Settings, progress: Progress, stop: StopRequest
) -> Samples:
    name, boxes = boxes_of(samples, region)
    boxes = no_boxes(len(samples)) if boxes is None else boxes
    rows = np.flatnonzero(~boxes.is_there & (boxes.source != UNREADABLE))
    if len(rows) and recipe.image.detect:
        chain = read_chain(recipe.image.detect)
        with progress.stage(f"look for {name} by {chain}", len(rows)) as update:

            def report(done: int, _total: int) -> None:
                update(done)
                stop.check()

            found = find_boxes(
                samples.take(rows),
                chain,
                settings.cache_folder,
                limits=recipe.image.limits,
                n_threads=settings.n_threads * settings.processes,
                on_progress=report,
                while_waiting=say_while_waiting("the boxes", progress, stop),
                announce=progress.note,
            )
            update(len(rows))
        boxes = boxes.put(rows, found)
    samples = replace(samples, boxes={**samples.boxes, name: boxes})
    _require_all(samples, name, has_chain=bool(recipe.image.detect))
    n_lost = int((boxes.source == UNREADABLE).sum())
    if n_lost:
        progress.note(Caution(f"{part_of(n_lost, len(samples), 'image', 'has', 'have')} no box of {name}: unreadable."))
    return samples


def _require_all(samples: Samples, name: str, *, has_chain: bool) -> None:
    boxes = samples.boxes[name]
    left = samples.ids[~boxes.is_there & (boxes.source != UNREADABLE)].tolist()
    if left:
        rows = f"rows to the table of {option('regions')}"
        if samples.is_extra[samples.rows_of(left)].any():
            rows += " (NAME:image for an image of extra data)"
        how = "End image.detect with centre" if has_chain else "Set image.detect=[centre]"
        raise SourceError(
            f"{part_of(len(left), len(samples), 'image', 'has', 'have')} no box of {name}: {list_some(left, most=3)}.",
            where=samples.root,
            fix=f"{how}, which finds a box in every image, or add {rows}.",
            details=left,
        )
