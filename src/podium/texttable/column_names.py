"""Names of columns, as tables and people spell them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from podium.errors import TableError
from podium.listing import count_of

__all__ = ["check_column_names", "column_name"]


def column_name(name: str, *, header: bool = True) -> str:
    """The name of a column that was asked for: in Unicode form NFC, and by its number where the table has no header.

    Example:
        >>> column_name("label"), column_name("2", header=False), column_name("2")
        ('label', 'column_2', '2')
    """
    spelt = unicodedata.normalize("NFC", name)
    return f"column_{int(spelt)}" if not header and spelt.isdecimal() else spelt


def check_column_names(names: Sequence[str], path: Path) -> list[str]:
    """The names of all columns in NFC, without spaces around them; `column_1` and so on where one has none.

    Raises:
        TableError: If a name occurs twice.
    """
    spelt = [unicodedata.normalize("NFC", name.strip()) for name in names]
    named = [name or f"column_{place}" for place, name in enumerate(spelt, start=1)]
    again = sorted({name for name in named if named.count(name) > 1}) if len(set(named)) < len(named) else []
    if again:
        raise TableError(
            f"column {again[0]!r} occurs {count_of(named.count(again[0]), 'time')} in the header.",
            where=path,
            fix="Rename them, so that every column has its own name.",
        )
    return named
