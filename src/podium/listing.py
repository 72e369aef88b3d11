"""A list, or a long text, in a sentence: its beginning, and how much more there is."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["list_some", "shorten"]

_LONGEST_ITEM = 120


def list_some(items: Iterable[object], *, most: int = 8) -> str:
    """The first items, joined by commas, and how many more there are. A long item is shortened.

    Example:
        >>> list_some(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    names = [str(item) for item in items]
    shown = ", ".join(shorten(name, most=_LONGEST_ITEM) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def shorten(text: str, *, most: int) -> str:
    """The text, or where it is longer than `most` characters, its beginning and its end.

    Example:
        >>> shorten("0123456789" * 100, most=50)
        '012345678901234 ... (970 characters) ... 567890123456789'
    """
    if len(text) <= most:
        return text
    n_kept = max(1, (most - 20) // 2)
    return f"{text[:n_kept]} ... ({len(text) - 2 * n_kept:,} characters) ... {text[-n_kept:]}"
