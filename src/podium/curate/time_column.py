"""The column that says when an image was taken: numbers, or dates that can be read in one way only."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from podium.curate.classes import looks_missing
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows, require_column
from podium.errors import LabelError
from podium.listing import agree, count_of

__all__ = ["read_time", "read_time_column"]

_COLONS = re.compile(r"(\d{4})[:/](\d{1,2})[:/](\d{1,2})(.*)")
"""Dates of EXIF, 2021:03:15 12:00:00, and with slashes from the year down."""
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")


def read_time_column(rows: Rows, options: ScanOptions) -> NDArray[np.float64] | None:
    """Times of the images, shape (N,), nan where a cell says nothing; None where no column was named.

    Raises:
        SourceError: If there is no such column.
        LabelError: If a cell is neither a number nor a date; names the rows.
    """
    name = options.time_column
    if name is None:
        return None
    cells = [cell.strip() for cell in require_column(rows, name, "time_column")]
    times = [math.nan if looks_missing(cell) or not cell else read_time(cell) for cell in cells]
    wrong = [row for row, time in enumerate(times) if time is None]
    if wrong:
        raise LabelError(
            f"{count_of(len(wrong), 'cell')} of the time column {name!r} {agree(len(wrong), 'is', 'are')} neither a"
            " number nor a date that can be read in one way only.",
            where=rows.origin,
            field="time_column",
            fix="Write dates as 2021-03-15 or 2021-03-15 12:30:00.",
            details=[f"{rows.places[row]}: {cells[row]}" for row in wrong],
        )
    _refuse_both_kinds(cells, name, rows)
    return np.array(times, dtype=np.float64)


def _refuse_both_kinds(cells: list[str], name: str, rows: Rows) -> None:
    """Raise LabelError where some cells are numbers and some dates, which have no order among each other."""
    known = [(row, cell) for row, cell in enumerate(cells) if cell and not looks_missing(cell)]
    numbers = [row for row, cell in known if _read_number(cell) is not None]
    if not numbers or len(numbers) == len(known):
        return
    date = next(row for row, cell in known if _read_number(cell) is None)
    raise LabelError(
        f"the time column {name!r} holds numbers and dates, such as {cells[numbers[0]]!r} and {cells[date]!r}; which of"
        " them is later cannot be told.",
        where=rows.origin,
        field="time_column",
        fix="Write all as numbers, or all as dates: 2021-03-15.",
        details=[f"{rows.places[row]}: {cells[row]}" for row in (numbers[0], date)],
    )


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def read_time(text: str) -> float | None:
    """A number as it is, a date as seconds since 1970; None where it is neither, or may mean two days.

    Example:
        >>> read_time("2019"), read_time("1970-01-02"), read_time("2.1.1970"), read_time("1970:01:02 00:00:01")
        (2019.0, 86400.0, 86400.0, 86401.0)
        >>> read_time("03/04/2021") is None
        True
    """
    number = _read_number(text)
    if number is not None:
        return number if math.isfinite(number) else None
    found = _COLONS.fullmatch(text)
    if found is not None:
        text = f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}{found[4]}"
    found = _DOTS.fullmatch(text)
    if found is not None:
        text = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}{found[4]}"
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
