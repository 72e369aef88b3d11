"""CSV of text cells that a spreadsheet opens safely.

Every cell that it would run as a formula is written with a leading apostrophe, taken off again when read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from podium import durable
from podium.errors import TableChangedError
from podium.listing import count_of

__all__ = ["plain_cell", "read_csv", "write_csv"]

_FORMULA_STARTS = ("=", "+", "-", "@", "'", "\t", "\r")


_NUMBER = re.compile(r"-(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?")
"""A negative number, which a spreadsheet takes for one and programs can read."""


def _guard(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and _NUMBER.fullmatch(cell) is None else cell


def _unguard(cell: str) -> str:
    return cell.removeprefix("'")


def plain_cell(cell: str) -> str:
    """A cell without the apostrophe that `write_csv` may have put in front, as it comes back from a person's hands.

    Example:
        >>> plain_cell("'-1"), plain_cell("'s-Gravenhage")
        ('-1', "'s-Gravenhage")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write text cells as a CSV that a spreadsheet opens safely: no cell is run as a formula."""
    buffer = io.StringIO(newline="")
    # The writer quotes the characters of its line end only, and a cell may hold either of these two.
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_guard(name) for name in header])
    writer.writerows([_guard(cell) for cell in row] for row in rows)
    durable.write_text(path, buffer.getvalue())


def read_csv(path: Path) -> dict[str, list[str]]:
    """Columns of a CSV that `write_csv` wrote.

    Raises:
        TableChangedError: If it is not UTF-8, or a row has another number of cells than the header.
    """
    try:
        text = durable.read_bytes(path).decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as problem:
        raise TableChangedError(f"this table is not UTF-8 ({problem}).", where=path) from None
    with _cells_of_any_length():
        rows = list(csv.reader(io.StringIO(text, newline="")))
    header = [_unguard(name) for name in rows[0]] if rows else []
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            cells = count_of(len(row), "cell")
            raise TableChangedError(f"row {number} has {cells}, the header has {len(header)}.", where=path)
    return {name: [_unguard(row[place]) for row in rows[1:]] for place, name in enumerate(header)}


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Python refuses cells of more than 131,072 characters, which a table of the user's may have had."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
