"""Names that are one name but for letter case, spaces or the way a number is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["merge_spellings", "same_names", "spelling_key"]

_NUMBER = re.compile(r"([+-]?)0*(\d+)(?:\.(\d*?)0*)?")


def spelling_key(name: str) -> str:
    """What all spellings of a name share.

    Example:
        >>> spelling_key("Ann  Lee ") == spelling_key("ann lee"), spelling_key("03.0") == spelling_key("3")
        (True, True)
        >>> spelling_key("1e5") == spelling_key("100000"), spelling_key("-3") == spelling_key("3")
        (False, False)
    """
    text = " ".join(name.casefold().split())
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    sign, whole, fraction = number.groups()
    value = f"{whole}.{fraction}" if fraction else whole
    return value if sign != "-" or value == "0" else f"-{value}"


def same_names(names: Iterable[str]) -> list[list[str]]:
    """Sets of different spellings of one name, each sorted.

    Example:
        >>> same_names(["Cat", "dog", "cat", "3", "3.0"])
        [['Cat', 'cat'], ['3', '3.0']]
    """
    spelt: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        spelt.setdefault(spelling_key(name), []).append(name)
    return [sorted(found) for found in spelt.values() if len(found) > 1]


def merge_spellings(cells: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The cells with every name in its most frequent spelling (of those as frequent, the first), and what was merged.

    Example:
        >>> merge_spellings(["cat", "Cat", "cat", ""])
        (['cat', 'cat', 'cat', ''], [['Cat', 'cat']])
    """
    counts = Counter(cells)
    merged = same_names(cell for cell in counts if cell)
    best = {name: min(found, key=lambda one: (-counts[one], one)) for found in merged for name in found}
    return [best.get(cell, cell) for cell in cells], merged
