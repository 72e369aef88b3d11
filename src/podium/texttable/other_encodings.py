"""Readings of one table in other encodings, for a short text from which the encoding was guessed wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from podium.advice import options
from podium.errors import TableError
from podium.texttable.east_asian import EAST_ASIAN
from podium.texttable.reading import Table

__all__ = ["read_otherwise"]

_OTHERS = ("cp1252", "cp1251", "cp1253")


def read_otherwise(table: Table, read: Callable[[str], Table]) -> Iterator[Table]:
    """The same table in every other encoding that its bytes fit; nothing where it is Unicode, which is told surely.

    A few letters are text in several encodings at once. What the cells name, such as files, tells the right one.

    Args:
        table: The table as its encoding was guessed.
        read: Reads it in a given encoding.
    """
    if table.encoding.lower().startswith("utf"):
        return
    for encoding in (*EAST_ASIAN, *_OTHERS):
        if encoding != table.encoding:
            with suppress(TableError):
                other = read(encoding)
                note = f"{table.path.name} was read as {encoding} ({options(encoding=encoding)}): as {table.encoding}"
                yield replace(other, notes=(*other.notes, f"{note} its cells named nothing."))
