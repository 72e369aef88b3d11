"""Shares of classes as people type them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from podium.errors import UsageError

__all__ = ["read_prevalence"]

_COLUMNS = ("class", "share")


def read_prevalence(words: Sequence[str]) -> dict[str, float] | str | None:
    """Lines "class=share", the rows of a table, or "estimate"; None where there are none.

    Raises:
        UsageError: If a line is none of these.
        TableError: If the table lacks a column.

    Example:
        >>> read_prevalence(["cat=0.3", "tags=dog=0.6"])
        {'cat': 0.3, 'tags=dog': 0.6}
    """
    if not words:
        return None
    if len(words) == 1 and words[0].partition(":")[0] == "estimate":
        return words[0]
    try:
        if len(words) == 1 and "=" not in words[0]:
            return _read_table(Path(words[0]))
        return {word.rpartition("=")[0]: float(word.rpartition("=")[2]) for word in words}
    except ValueError:
        fix = "Write class=0.2, name a table with the columns class and share, or write estimate."
        raise UsageError(f"cannot read --prevalence {' '.join(words)!r}.", fix=fix) from None


def _read_table(path: Path) -> dict[str, float]:
    from podium.texttable import read_table

    table = read_table(path)
    names, shares = (table.column(name, field="prevalence") for name in _COLUMNS)
    return {name: float(share) for name, share in zip(names, shares, strict=True)}
