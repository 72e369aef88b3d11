"""The region of images that come without a table of boxes: in memory, the recipe's detectors find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.data import CropBy, GivenImage, MemoryImages, store_in_memory
from podium.errors import ImageError, RecipeError
from podium.images import Box
from podium.recipe.image_spec import WHOLE
from podium.recipe.recipe import Recipe
from podium.regions import base_of, read_chain
from podium.regions.crop_boxes import crop_one
from podium.regions.search import find_boxes_in

__all__ = ["crop_by", "store_regions"]


def crop_by(recipe: Recipe, region: str | None = None) -> CropBy | None:
    """What finds the region in an image, for `store_in_memory`; None where the model sees whole images.

    Args:
        recipe: The recipe.
        region: The region; None takes the recipe's.

    Raises:
        RecipeError: If the recipe names no detectors, which then cannot find it.
        UsageError: If a detector's package is missing.
    """
    region = recipe.image.region if region is None else region
    if region == WHOLE:
        return None
    if not recipe.image.detect:
        raise RecipeError(
            f"image.region={region} needs a box for every image, and image.detect names no detector to find it.",
            fix="Set image.detect=[retinaface,mtcnn,centre] in the recipe of a training, or name images in a folder and"
            f" their table of boxes with {option('regions')}.",
        )
    chain, pad, alone = read_chain(recipe.image.detect), recipe.image.region_pad, Lock()
    chain.check()

    def find(row: int, pixels: NDArray[np.uint8]) -> Box | None:
        with alone:  # detectors need not know of threads
            boxes = find_boxes_in([pixels], chain)
        box = crop_one(boxes, 0, region, base_of(region), pad, (pixels.shape[1], pixels.shape[0]))
        if box is None:
            raise ImageError(f"image {row} has no {region} that {chain} finds.", fix="End image.detect with centre.")
        return box

    return find


def store_regions(
    images: Sequence[GivenImage],
    recipe: Recipe,
    *,
    ids: Sequence[str] | None = None,
    n_threads: int = 1,
    with_values: bool = False,
) -> MemoryImages:
    """Images of any size as a cache of the recipe would hold them, in every region that a model sees.

    Args:
        images: N images: arrays, paths or Pillow's.
        recipe: A recipe whose image sizes are resolved.
        ids: Their ids; None counts from "0".
        n_threads: Images made at a time.
        with_values: Whether to measure what images of more than 8 bits use of their range.

    Raises:
        RecipeError: If a region needs detectors and the recipe names none.
        ImageError: If an image cannot be decoded, or nothing is found in it; names the first.
    """
    image = recipe.image

    def store(region: str) -> MemoryImages:
        return store_in_memory(
            images,
            *image.stored_sides,
            image.fit,
            ids=ids,
            n_threads=n_threads,
            limits=image.limits,
            preprocessing=image.preprocessing,
            with_values=with_values,
            crop_by=crop_by(recipe, region),
        )

    first, *others = dict.fromkeys((image.region, *image.regions.values()))
    stored = store(first)
    return replace(stored, parts={region: store(region) for region in others}) if others else stored
