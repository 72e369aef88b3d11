"""Columns of a table beside the images as numbers: as they are, one a value, or in comparison with their group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import DataError, UnknownNameError, UsageError
from podium.listing import count_of, list_some
from podium.tables import ImageNames
from podium.texttable import Table

__all__ = ["ColumnPlan", "make_column_plan", "read_cells"]

FloatArray = NDArray[np.float64]
Cells = Mapping[str, Sequence[str]]
_MOST_VALUES = 50


@dataclass(frozen=True)
class ColumnPlan:
    """How the cells of columns become numbers.

    Args:
        numeric: Mean of each column of numbers, which stands for an empty cell.
        texts: Values of each column of texts; one that is not among them is none of them.
        relative: Columns of numbers that are compared with their group: standard deviations from its mean, and rank in
            it from 0 to 1.
    """

    numeric: Mapping[str, float]
    texts: Mapping[str, tuple[str, ...]]
    relative: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that a table must have."""
        return tuple(dict.fromkeys((*self.numeric, *self.texts, *self.relative)))

    def numbers(self, cells: Cells, groups: NDArray[np.object_] | None) -> FloatArray:
        """The numbers of rows, shape (N, K).

        Args:
            cells: Per column, a cell a row.
            groups: Group of each row, for `relative`.

        Raises:
            DataError: If a cell of a column of numbers is none.
            UsageError: If columns are compared with their group, and there are no groups.
        """
        columns = [_as_numbers(cells[name], name, mean) for name, mean in self.numeric.items()]
        for name, values in self.texts.items():
            own = [cell.strip() for cell in cells[name]]
            columns += [np.array([cell == value for cell in own], dtype=np.float64) for value in values]
        if self.relative and groups is None:
            raise UsageError(
                f"{list_some(list(self.relative))} {'are' if len(self.relative) > 1 else 'is'} compared with the group,"
                " and these images name none.",
                field="group",
                fix="Say which images belong together.",
            )
        for name in self.relative:
            assert groups is not None, "checked above"
            columns += _in_group(_as_numbers(cells[name], name, math.nan), groups)
        return np.stack(columns, axis=1)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ColumnPlan:
        """The plan that `to_dict` wrote."""
        texts = {name: tuple(values) for name, values in record["texts"].items()}
        return cls(dict(record["numeric"]), texts, tuple(record["relative"]))


def make_column_plan(cells: Cells, columns: Sequence[str], relative: Sequence[str]) -> ColumnPlan:
    """A plan from the rows that a stack is fitted on. No label is looked at.

    Args:
        cells: Per column, a cell a row.
        columns: Columns to use: of numbers where all cells that are not empty are, else of texts.
        relative: Columns of numbers to compare with their group.

    Raises:
        DataError: If a column of texts has more than 50 values, or a relative one is not of numbers.
    """
    numeric, texts = {}, {}
    for name in columns:
        filled = [cell.strip() for cell in cells[name] if cell.strip()]
        if filled and all(_is_number(cell) for cell in filled):
            numeric[name] = float(np.mean([float(cell) for cell in filled]))
            continue
        values = tuple(sorted(set(filled)))
        if not 1 <= len(values) <= _MOST_VALUES:
            raise DataError(
                f"column {name!r} has {count_of(len(values), 'text')}; from 1 to {_MOST_VALUES} can be used.",
                fix="Leave it out, or group its values.",
            )
        texts[name] = values
    for name in relative:
        _as_numbers(cells[name], name, math.nan)
    return ColumnPlan(numeric, texts, tuple(relative))


def read_cells(table: Table, ids: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The cells of columns for images, in their order.

    The column that names the images is the one that finds most of them.

    Args:
        table: The table.
        ids: Ids of the images.
        names: Columns.

    Raises:
        UnknownNameError: If there is no such column.
        DataError: If an image has no row, or two; names the first.
    """
    for name in names:
        if name not in table.columns:
            raise UnknownNameError("column", name, list(table.columns), where=table.path)
    known = ImageNames(list(ids))
    matches = {name: known.match(cells, folders=False) for name, cells in table.columns.items()}
    best = max(matches.values(), key=lambda match: (match.n_found, -match.rank))
    rows: dict[int, int] = {}
    for row, images in enumerate(best.images):
        if len(images) == 1:
            if images[0] in rows:
                raise DataError(f"image {ids[images[0]]!r} has two rows.", where=table.path, fix="Keep one of them.")
            rows[images[0]] = row
    missing = [name for place, name in enumerate(ids) if place not in rows]
    if missing:
        what = f"{count_of(len(missing), 'image has', 'images have')} no row: {list_some(missing)}."
        raise DataError(what, where=table.path, fix="Give a table with a row for every image.")
    return {name: [table.columns[name][rows[place]] for place in range(len(ids))] for name in names}


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _as_numbers(cells: Sequence[str], name: str, empty: float) -> FloatArray:
    bad = [cell for cell in cells if cell.strip() and not _is_number(cell)]
    if bad:
        raise DataError(f"column {name!r} has cells that are no numbers: {list_some(bad)}.", fix="Mend these cells.")
    return np.array([float(cell) if cell.strip() else empty for cell in cells], dtype=np.float64)


def _in_group(values: FloatArray, groups: NDArray[np.object_]) -> list[FloatArray]:
    """Standard deviations from the mean of the group, and rank in it; 0 and 0.5 where nothing can be compared."""
    from scipy.stats import rankdata

    z, rank = np.zeros(len(values)), np.full(len(values), 0.5)
    _, numbers = np.unique(groups.astype(str), return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(numbers))[:-1]):
        own = rows[~np.isnan(values[rows])]
        if len(own) < 2:
            continue
        found = values[own]
        spread = float(found.std())
        z[own] = (found - found.mean()) / spread if spread > 0 else 0.0
        rank[own] = (rankdata(found) - 1) / (len(own) - 1)
    return [z, rank]
