"""Folds that a source gives by number or name, in the order of Podium's fold numbers."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["order_fold_names"]


def order_fold_names(names: Iterable[str]) -> list[str]:
    """The names, each once; the first is fold 0. Numbers go by value, other names by the alphabet; "" is no name.

    Example:
        >>> order_fold_names(["10", "", "2", "10"]), order_fold_names(["b", "2", "a"])
        (['2', '10'], ['2', 'a', 'b'])
    """
    found = set(names) - {""}
    if all(name.removeprefix("-").isdecimal() for name in found):
        return sorted(found, key=lambda name: (int(name), name))
    return sorted(found)
