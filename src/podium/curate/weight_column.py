"""The column that says how much each image counts in training."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from podium.curate.options import ScanOptions
from podium.curate.rows import Rows, require_column
from podium.errors import LabelError
from podium.listing import agree, count_of

__all__ = ["read_weight_column"]


def read_weight_column(rows: Rows, options: ScanOptions) -> NDArray[np.float64] | None:
    """Weights of the images, shape (N,); None where no column was named.

    Raises:
        SourceError: If there is no such column.
        LabelError: If a cell is no number of at least 0; names the rows.
    """
    name = options.weight_column
    if name is None:
        return None
    numbers = [_read(cell) for cell in require_column(rows, name, "weight_column")]
    wrong = [row for row, number in enumerate(numbers) if not (math.isfinite(number) and number >= 0)]
    if wrong:
        shown = [f"{rows.places[row]}: {rows.columns[name][row] or '(empty cell)'}" for row in wrong]
        raise LabelError(
            f"{count_of(len(wrong), 'cell')} of the weight column {name!r} {agree(len(wrong), 'is', 'are')} no"
            f" number of at least 0.",
            where=rows.origin,
            field="weight_column",
            fix="Write 1 for an image that counts as usual, 0 for one that does not count.",
            details=shown,
        )
    return np.array(numbers, dtype=np.float64)


def _read(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
