"""A table of boxes, `image, region, x0, y0, x1, y1, source, score, points`, laid over samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podium.errors import TableError
from podium.listing import count_of, list_some
from podium.tables import Boxes, ImageNames, Samples, no_boxes
from podium.tables.boxes import read_points
from podium.texttable import Table, read_table

if TYPE_CHECKING:
    from podium.curate.scan import Scan

__all__ = ["BOX_COLUMNS", "lay_boxes", "with_boxes"]

BOX_COLUMNS = ("image", "region", "x0", "y0", "x1", "y1", "source", "score", "points")
_CORNERS = ("x0", "y0", "x1", "y1")
_REGION, _SOURCE = "face", "table"


def with_boxes(found: Scan, source: Path | Table) -> Scan:
    """The scan with the boxes of a table, and a note on whose images have one."""
    samples, notes = lay_boxes(found.samples, source)
    return replace(found, samples=samples, notes=(*found.notes, *notes))


def lay_boxes(samples: Samples, source: Path | Table) -> tuple[Samples, list[str]]:
    """Samples with the boxes of a table, a row an image and region; images of no row stay without.

    Args:
        samples: The images.
        source: The table. `image` is joined by name as a table of labels is; `region` is "face" where there is no such
            column; x0, y0, x1, y1 are pixels of the upright image, the last two outside, and all empty where the image
            has no box. `source`, `score` and `points` (five pairs: eyes, nose, corners of the mouth) may be absent.

    Raises:
        TableError: If the table cannot be read, a column is missing, a box is empty or no number, no row names an
            image, or two rows name one image and region.
    """
    table = source if isinstance(source, Table) else read_table(source)
    absent = [name for name in ("image", *_CORNERS) if name not in table.columns]
    if absent:
        raise TableError(
            f"a table of boxes needs the columns image, x0, y0, x1, y1; missing: {', '.join(absent)}.",
            where=table.path,
            field="regions",
            fix="'podium regions' writes one that has them.",
        )
    match = ImageNames(samples.ids.tolist(), root=samples.root).match(table.columns["image"], folders=False)
    if not match.n_found:
        few = list_some(table.columns["image"], most=3)
        raise TableError(f"no row names an image of {samples.root}: {few}.", where=table.path, field="regions")
    laid = _Laid(samples, table)
    for place, images in enumerate(match.images):
        for row in images[:1]:
            laid.lay(place, row)
    notes = [
        f"Boxes of {table.path.name}: {region}: {count_of(int(boxes.is_there.sum()), 'image')} of {len(samples)}."
        for region, boxes in laid.boxes.items()
    ]
    n_lost = len(match.images) - match.n_found
    if n_lost:
        few = list_some([cell for cell, at in zip(table.columns["image"], match.images, strict=True) if not at], most=3)
        notes.append(f"Boxes of {table.path.name}: {count_of(n_lost, 'row names', 'rows name')} no image: {few}.")
    return replace(samples, boxes={**samples.boxes, **laid.boxes}), notes


class _Laid:
    """The boxes of a table, found row by row."""

    def __init__(self, samples: Samples, table: Table) -> None:
        self._samples, self._table = samples, table
        self.boxes: dict[str, Boxes] = {}

    def lay(self, place: int, row: int) -> None:
        """Take a row of the table as the box of an image."""
        region = self._cell("region", place) or _REGION
        known = self.boxes.setdefault(region, _writable(len(self._samples)))
        if known.source[row]:
            raise self._error(place, f"image {self._samples.ids[row]!r} has two boxes of region {region!r}")
        known.source[row] = self._cell("source", place) or _SOURCE
        corners = self._numbers(_CORNERS, place)
        if corners:
            if corners[2] <= corners[0] or corners[3] <= corners[1]:
                raise self._error(place, f"the box {corners} is empty: x1 must be above x0 and y1 above y0")
            low, high = np.floor(corners[:2]), np.ceil(corners[2:])
            known.corners[row] = np.concatenate([low, high]).astype(np.int64)
        known.score[row] = (self._numbers(("score",), place) or [np.nan])[0]
        known.points[row] = read_points(self._cell("points", place))

    def _numbers(self, names: Sequence[str], place: int) -> list[float]:
        cells = [self._cell(name, place) for name in names]
        if not any(cells):
            return []
        try:
            numbers = [float(cell) for cell in cells]
        except ValueError:
            numbers = [np.nan]
        if not np.isfinite(numbers).all():
            raise self._error(place, f"{', '.join(names)} must be numbers, got {', '.join(map(repr, cells))}")
        return numbers

    def _cell(self, name: str, place: int) -> str:
        return self._table.columns[name][place].strip() if name in self._table.columns else ""

    def _error(self, place: int, what: str) -> TableError:
        return TableError(f"row {self._table.row_numbers[place]}: {what}.", where=self._table.path, field="regions")


def _writable(n: int) -> Boxes:
    """Boxes of images in which nobody has looked, to be filled."""
    boxes = no_boxes(n)
    for column in (boxes.corners, boxes.source, boxes.score, boxes.points):
        column.setflags(write=True)
    return boxes
