"""Boxes of a region as they lie in what a network sees: after cuts, crops, borders and resizing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from podium.data import eval_batch
from podium.dataset.ready_images import crops_of
from podium.images import CutCentre, crop, decode_file, store_as
from podium.recipe import Recipe
from podium.tables import Boxes, Samples

__all__ = ["region_masks"]


def region_masks(
    samples: Samples, boxes: Boxes, rows: Sequence[int], recipe: Recipe, region: str
) -> NDArray[np.float32]:
    """How far each pixel of a network's images lies in a box, in [0, 1], (M, H, W); zeros where there is no box.

    A white box is drawn on black at the size of the file and takes the way of every image, so that no second formula
    for the geometry can disagree with the first.

    Args:
        samples: The images.
        boxes: A box of each, in pixels of the upright file.
        rows: M images.
        recipe: How images are stored.
        region: The region that the network sees.
    """
    crops = crops_of(samples, recipe, region)
    cuts = [step for step in recipe.image.preprocessing if isinstance(step, CutCentre)]
    stored = np.zeros((len(rows), *recipe.image.stored_sides, 3), dtype=np.uint8)
    for place, row in enumerate(rows):
        width, height = _size_of(samples, row)
        if not boxes.is_there[row] or not width:
            continue
        drawn = np.zeros((height, width, 3), dtype=np.uint8)
        x0, y0, x1, y1 = np.maximum(boxes.corners[row], 0).tolist()
        drawn[y0:y1, x0:x1] = 255
        cut = None if crops is None else crops[row]
        stored[place] = store_as(
            drawn if cut is None else crop(drawn, cut), recipe.image.stored_sides, recipe.image.fit, cuts
        )
    out = np.empty((len(rows), *recipe.image.sides, 3), dtype=np.uint8)
    eval_batch(stored, np.arange(len(rows)), out)
    return np.asarray(out[..., 0] / np.float32(255), dtype=np.float32)


def _size_of(samples: Samples, row: int) -> tuple[int, int]:
    if samples.size is not None:
        width, height = samples.size[row].tolist()
        return int(width), int(height)
    decoded = decode_file(samples.file(row), with_facts=False)
    return (0, 0) if decoded.pixels is None else (decoded.pixels.shape[1], decoded.pixels.shape[0])
