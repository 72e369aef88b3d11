"""The part of each image that a recipe stores: its region, with room around it, inside the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.errors import SourceError
from podium.images import Box, read_upright_size
from podium.listing import list_some, part_of
from podium.regions.derive import base_of, derive_region
from podium.regions.padding import Padding, pad_box
from podium.tables import Boxes, Samples

__all__ = ["boxes_of", "crop_boxes", "crop_one"]


def boxes_of(samples: Samples, region: str) -> tuple[str, Boxes | None]:
    """The region itself where somebody gave its boxes, else the one that it is made of; None where neither is there."""
    for name in (region, base_of(region)):
        if name in samples.boxes:
            return name, samples.boxes[name]
    return base_of(region), None


def crop_one(
    boxes: Boxes, row: int, region: str, given: str, pad: Padding, size: tuple[int, int] | None = None
) -> Box | None:
    """The part of one image; None where it has no box."""
    if not boxes.is_there[row]:
        return None
    box = boxes.corners[row].astype(np.float64)
    if region != given:
        box = derive_region(region, box, boxes.points[row])
    return pad_box(box.tolist(), pad, size)


def crop_boxes(samples: Samples, region: str, pad: Padding) -> list[Box | None]:
    """The part of each image that a region and its padding make, in its pixels; None for an image without a box.

    Raises:
        SourceError: If a box lies outside of its image; lists all such images.
    """
    given, boxes = boxes_of(samples, region)
    assert boxes is not None, "the boxes of a region are found before they are used"
    sizes = _sizes(samples, boxes.is_there)
    crops = [crop_one(boxes, row, region, given, pad, sizes[row]) for row in range(len(samples))]
    outside = [row for row, box in enumerate(crops) if box is not None and (box[2] <= box[0] or box[3] <= box[1])]
    if outside:
        few = list_some([samples.ids[row] for row in outside], most=3)
        raise SourceError(
            f"the {given} box of {part_of(len(outside), len(samples), 'image', 'lies', 'lie')} outside of the picture:"
            f" {few}.",
            where=samples.root,
            fix="Boxes are pixels of the upright image, as a viewer shows it. Mend the table, or look for them anew.",
            details=[f"{samples.ids[row]}: {boxes.corners[row].tolist()} in {sizes[row]}" for row in outside],
        )
    return crops


def _sizes(samples: Samples, is_there: NDArray[np.bool_]) -> list[tuple[int, int] | None]:
    """(width, height) of each image with a box; None where the file does not say, which its decoding will tell."""
    if samples.size is not None:
        return [(width, height) if width > 0 else None for width, height in samples.size.tolist()]
    return [read_upright_size(samples.file(row)) if is_there[row] else None for row in range(len(samples))]
