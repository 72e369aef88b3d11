"""Counts and lists in a sentence: nouns and verbs that agree with their number, the beginning of what is long."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["agree", "count_of", "list_some", "part_of", "shorten"]

_LONGEST_ITEM = 120


def count_of(n: int, one: str, many: str = "") -> str:
    """A number with its noun, and the verb after it.

    Args:
        n: The number.
        one: The noun, or noun and verb, for 1.
        many: The same for all other numbers; not needed for a regular noun alone.

    Example:
        >>> count_of(1, "image"), count_of(2000, "class"), count_of(0, "row has", "rows have")
        ('1 image', '2,000 classes', '0 rows have')
    """
    return f"{n:,} {agree(n, one, many or _plural(one))}"


def part_of(n: int, total: int, noun: str, one: str = "", many: str = "") -> str:
    """How many of all, where the noun agrees with all and the verb with the part.

    Example:
        >>> part_of(1, 5, "image", "is", "are"), part_of(1, 1, "id")
        ('1 of 5 images is', '1 of 1 id')
    """
    return f"{n:,} of {count_of(total, noun)} {agree(n, one, many)}".rstrip()


def agree(n: float, one: str, many: str) -> str:
    """The word for 1, or that for all other numbers.

    Example:
        >>> agree(1, "is", "are"), agree(0, "is", "are")
        ('is', 'are')
    """
    return one if n == 1 else many


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "tch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"


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
