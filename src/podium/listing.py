"""A list in a sentence: its first items, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["list_some"]


def list_some(items: Iterable[object], *, most: int = 8) -> str:
    """The first items, joined by commas, and how many more there are.

    Example:
        >>> list_some(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    names = [str(item) for item in items]
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
