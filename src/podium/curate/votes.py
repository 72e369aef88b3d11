"""Columns that look like votes or shares for the classes of one label, where nobody said so: Podium asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from podium.advice import options as advise
from podium.curate.classes import is_number
from podium.errors import LabelError
from podium.listing import list_some

__all__ = ["describe_counts", "refuse_votes"]

_SAME_SUM = 0.95
"""Fraction of the rows whose sum must be the same."""


def refuse_votes(columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse columns of numbers that add up to the same in (nearly) every row.

    Args:
        columns: Cells of label columns that are not all 0 and 1.

    Raises:
        LabelError: Says what they look like, and how to make labels of them.
    """
    numbers = _read_numbers(columns)
    if numbers is None or len(columns) < 2 or len(numbers) < 2:
        return
    sums = numbers.sum(axis=1)
    usual = float(np.median(sums))
    if usual <= 0 or np.mean(np.abs(sums - usual) <= 0.01 * usual) < _SAME_SUM:
        return
    if len(np.unique(numbers, axis=0)) < 3 and len(numbers) > 2:
        return
    names = list(columns)
    kind = "shares" if numbers.max() <= 1 else "votes"
    raise LabelError(
        f"columns {list_some(names)} add up to {usual:g} in every row: they look like {kind} for the classes of one"
        " label.",
        fix=f"To learn them as shares of one label, set {advise(label_kind='votes')}. If each column is a target of its"
        f" own, set {advise(label_kind='single')}.",
    )


def describe_counts(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """A note on three or more columns that all count from 0, which may be votes that do not add up."""
    numbers = _read_numbers(columns)
    if numbers is None or len(columns) < 3 or np.any(numbers != np.floor(numbers)):
        return []
    if numbers.min(axis=0).any() or np.any(numbers.max(axis=0) < 2):
        return []
    return [
        f"Each of the columns {list_some(list(columns), most=4)} is a target of its own, whose classes are numbers. If"
        f" they count votes for one label, set {advise(label_kind='votes')}."
    ]


def _read_numbers(columns: Mapping[str, Sequence[str]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]] | None:
    """The cells as numbers, shape (N, C), of rows where all are known; None where a cell is no number or negative."""
    rows = [cells for cells in zip(*columns.values(), strict=True) if all(cells)]
    if not rows or not all(is_number(cell) for cell in {cell for cells in columns.values() for cell in cells if cell}):
        return None
    numbers = np.array(rows, dtype=np.float64)
    return None if (numbers < 0).any() else numbers
