"""What divides the cells of a table, seen from its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from podium.advice import options
from podium.errors import TableError
from podium.texttable.raw_cells import SPACES, RawRow, split_rows

__all__ = ["DELIMITERS", "find_delimiter", "is_blank", "is_row_count"]

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", SPACES: "spaces"}
"""What may divide cells, and its name."""

_MARKS = (",", ";", "\t", "|")
_SNIFFED, _MOST_ROWS = 65536, 60


def find_delimiter(text: str, *, where: Path, header: bool = True) -> str:
    """The delimiter that divides the first rows most evenly; a comma where nothing divides them.

    Of several that divide all rows equally, the one that makes more cells counts. Where none of comma, semicolon, tab
    and pipe occurs in the first row, runs of spaces and tabs are tried, if they divide all rows equally.

    Args:
        text: The text of the table.
        where: Its path, for messages.
        header: Whether the first row names the columns.

    Raises:
        TableError: If two delimiters fit equally well.

    Example:
        >>> find_delimiter("id;size\\n1;1,5\\n2;2,5", where=Path("t.csv"))
        ';'
    """
    widths = {mark: _first_widths(text, mark) for mark in _MARKS}
    present = [mark for mark in _MARKS if widths[mark] and widths[mark][0] > 1]
    even = [mark for mark in present if len(set(widths[mark])) == 1]
    if even:
        most = max(widths[mark][0] for mark in even)
        best = [mark for mark in even if widths[mark][0] == most]
        if len(best) > 1:
            names = " and ".join(repr(mark) for mark in best)
            raise TableError(
                f"every row could be split at {names}.",
                where=where,
                fix=f"Name the delimiter, such as {options(delimiter=best[0])}.",
            )
        return best[0]
    if present:
        return max(present, key=lambda mark: (_evenness(widths[mark]), widths[mark][0]))
    return SPACES if _are_spaced(text, header=header) else ","


def _first_rows(text: str, delimiter: str) -> list[RawRow]:
    """The first rows that are not blank; what comes before a broken quote counts."""
    rows: list[RawRow] = []
    try:
        for row in split_rows(text[:_SNIFFED], delimiter):
            if not is_blank(row):
                rows.append(row)
            if len(rows) > _MOST_ROWS:
                break
    except ValueError:
        pass
    if len(rows) > 1 and (len(text) > _SNIFFED or len(rows) > _MOST_ROWS):
        rows.pop()  # it may be cut
    return rows


def _first_widths(text: str, mark: str) -> list[int]:
    return [len(cells) for cells, _ in _first_rows(text, mark)]


def _evenness(widths: Sequence[int]) -> float:
    return sum(width == widths[0] for width in widths) / len(widths)


def _are_spaced(text: str, *, header: bool) -> bool:
    rows = _first_rows(text, SPACES)
    if rows and is_row_count(rows[0]):
        rows = rows[1:]
    widths = [len(cells) for cells, _ in rows]
    body = widths[1:] if header else widths
    if not body or len(set(body)) > 1 or body[0] < 2:
        return False
    # The first column may have no name, as in R's tables and CelebA's list of attributes.
    return not header or widths[0] == body[0] or widths[0] == body[0] - 1 >= 2


def is_blank(row: RawRow) -> bool:
    """Whether a row holds no cell at all, not even an empty one beside a delimiter."""
    return len(row[0]) == 1 and not row[0][0].strip()


def is_row_count(row: RawRow) -> bool:
    """Whether a row is one whole number alone."""
    return len(row[0]) == 1 and row[0][0].strip().isdecimal()
