"""Rows of text as straight columns, also where letters are two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from podium.printable import printable

__all__ = ["align_columns"]


def align_columns(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Rows as columns of text: the first `left` ones to the left, numbers to the right. Wide characters count two."""
    table = [tuple(header), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(_width(row[place]) for row in table) for place in range(len(header))]
    lines = []
    for row in table:
        cells = []
        for place, cell in enumerate(row):
            room = " " * (widths[place] - _width(cell))
            cells.append(cell + room if place < left else room + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
