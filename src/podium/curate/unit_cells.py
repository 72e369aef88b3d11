"""What a user names as the unit that images belong to, a group or a bag: a column, their folder or a pattern."""

from __future__ import annotations

import re

from podium.curate.rows import Rows
from podium.errors import SourceError, UnknownNameError
from podium.listing import part_of

__all__ = ["find_unit_cells"]

_PLACES = ("folder", "parent")


def find_unit_cells(rows: Rows, wanted: str, field: str, *, others: tuple[str, ...] = ()) -> list[str]:
    """The cell of each image: of a column or pattern field, its folder, or what a regular expression finds in its id.

    Args:
        rows: The rows.
        wanted: What the user named.
        field: The option, for errors.
        others: Further words that the option takes, for errors.

    Raises:
        UnknownNameError: If it is none of these.
        SourceError: If the regular expression is wrong, or does not match every id.
    """
    if wanted in rows.columns:
        return list(rows.columns[wanted])
    if wanted in _PLACES:
        return [name.rpartition("/")[0] for name in rows.ids]
    if "(" in wanted:
        return _search(rows, wanted, field)
    what = "group" if field == "group" else "column"
    raise UnknownNameError(what, wanted, [*rows.columns, *_PLACES, *others], field=field)


def _search(rows: Rows, pattern: str, field: str) -> list[str]:
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise SourceError(f"{pattern!r} is not a valid regular expression: {error}.", field=field) from error
    if regex.groups != 1:
        raise SourceError(
            f"the regular expression {pattern!r} has {regex.groups} groups in parentheses; it needs one.",
            field=field,
            fix="Write (?:...) for parentheses that only hold things together.",
        )
    found = [regex.search(name) for name in rows.ids]
    without = [name for name, hit in zip(rows.ids, found, strict=True) if hit is None]
    if without:
        raise SourceError(
            f"the regular expression {pattern!r} does not match {part_of(len(without), len(found), 'id')}.",
            field=field,
            details=without,
        )
    return [hit[1] or "" for hit in found if hit is not None]
