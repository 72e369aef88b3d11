"""Boxes of one region in every image: where, who found it, how sure, and the points of the face inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import TableError
from podium.tables.ids import as_text_array

__all__ = ["N_POINTS", "UNREADABLE", "Boxes", "box_cells", "boxes_from_cells", "no_boxes"]

N_POINTS = 5
"""Points of a face: left eye, right eye, nose, left and right corner of the mouth, as they stand in the picture."""
UNREADABLE = "unreadable"
"""Source of an image that has no box because it cannot be decoded."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of one region, a row an image. N images.

    Args:
        corners: x0, y0, x1, y1 in pixels of the upright image, the last two outside, int64 (N, 4); x1 = x0 where there
            is none.
        source: Who found it: a detector, "table", ..., shape (N,); "" where nobody looked.
        score: How sure the source is, float64 (N,); nan where it does not say.
        points: `N_POINTS` points (x, y), float64 (N, 5, 2); nan where they are not known.
    """

    corners: NDArray[np.int64]
    source: NDArray[np.object_]
    score: NDArray[np.float64]
    points: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in (self.corners, self.source, self.score, self.points):
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Whether an image has a box, shape (N,)."""
        return np.asarray(self.corners[:, 2] > self.corners[:, 0])

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Whether nobody has looked for it yet, shape (N,)."""
        return np.asarray(self.source == "", dtype=bool)

    def take(self, rows: NDArray[np.integer[Any]]) -> Boxes:
        """The boxes of these images."""
        return Boxes(self.corners[rows], self.source[rows], self.score[rows], self.points[rows])

    def put(self, rows: NDArray[np.integer[Any]], found: Boxes) -> Boxes:
        """The boxes with those of some images replaced."""
        corners, source, score, points = self.corners.copy(), self.source.copy(), self.score.copy(), self.points.copy()
        corners[rows], source[rows], score[rows], points[rows] = found.corners, found.source, found.score, found.points
        return Boxes(corners, source, score, points)

    def counts(self) -> dict[str, int]:
        """Images by source, most first."""
        names, numbers = np.unique(self.source.astype(str), return_counts=True)
        pairs = sorted(zip(names.tolist(), numbers.tolist(), strict=True), key=lambda pair: -pair[1])
        return {name: n for name, n in pairs if name}

    def columns(self, region: str) -> dict[str, NDArray[Any]]:
        """All that is known, by the names that a digest covers."""
        named = {f"box:{region}": self.corners, f"box_source:{region}": self.source}
        unknown = {"score": self.score, "points": self.points}
        return named | {f"box_{name}:{region}": np.where(np.isnan(v), -1.0, v) for name, v in unknown.items()}


def no_boxes(n: int) -> Boxes:
    """Boxes of images in which nobody has looked.

    Example:
        >>> no_boxes(2).is_open.tolist(), no_boxes(2).is_there.tolist()
        ([True, True], [False, False])
    """
    corners = np.zeros((n, 4), dtype=np.int64)
    return Boxes(corners, as_text_array([""] * n), np.full(n, np.nan), np.full((n, N_POINTS, 2), np.nan))


def box_cells(boxes: Boxes, region: str) -> dict[str, list[str]]:
    """The columns of a table of samples for one region."""
    corners = [" ".join(map(str, row)) if row[2] > row[0] else "" for row in boxes.corners.tolist()]
    return {
        f"box:{region}": corners,
        f"box_source:{region}": boxes.source.tolist(),
        f"box_score:{region}": ["" if np.isnan(value) else repr(value) for value in boxes.score.tolist()],
        f"box_points:{region}": list(map(point_cell, boxes.points)),
    }


def point_cell(points: NDArray[np.float64]) -> str:
    """The points of a face as one cell; empty where they are not known."""
    return "" if np.isnan(points).any() else " ".join(map(repr, points.ravel().tolist()))


def read_points(cell: str) -> NDArray[np.float64]:
    """What `point_cell` wrote, shape (5, 2); nan where it is empty.

    Raises:
        TableError: If it is not five pairs of numbers.
    """
    if not cell.strip():
        return np.full((N_POINTS, 2), np.nan)
    try:
        return np.array([float(word) for word in cell.replace(",", " ").split()]).reshape(N_POINTS, 2)
    except ValueError:
        raise TableError(f"points must be {N_POINTS} pairs of numbers, got {cell!r}.", field="regions") from None


def boxes_from_cells(columns: Mapping[str, Sequence[str]]) -> dict[str, Boxes]:
    """What `box_cells` wrote, by region."""
    names = [name.removeprefix("box:") for name in columns if name.startswith("box:")]
    return {name: _read_region(columns, name) for name in names}


def _read_region(columns: Mapping[str, Sequence[str]], region: str) -> Boxes:
    corners = [list(map(int, cell.split())) if cell else [0, 0, 0, 0] for cell in columns[f"box:{region}"]]
    points = [read_points(cell) for cell in columns[f"box_points:{region}"]]
    score = [float(cell) if cell else np.nan for cell in columns[f"box_score:{region}"]]
    return Boxes(
        np.array(corners, dtype=np.int64).reshape(-1, 4),
        as_text_array(columns[f"box_source:{region}"]),
        np.array(score, dtype=np.float64),
        np.array(points, dtype=np.float64).reshape(-1, N_POINTS, 2),
    )
