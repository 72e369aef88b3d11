"""How two records (recipes, settings) differ, key by key, with values as a recipe file writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["list_differences"]

_ABSENT = object()


def list_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Lines "key.path: old -> new" for every leaf that differs.

    Example:
        >>> list_differences({"seed": 0, "image": {"size": 96}}, {"seed": 0, "image": {"size": 128}, "tta": ["hflip"]})
        ['image.size: 96 -> 128', 'tta: (absent) -> [hflip]']
    """
    return list(_differences("", old, new))


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            name = f"{place}.{key}" if place else str(key)
            yield from _differences(name, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old != new:
        yield f"{place}: {_show(old)} -> {_show(new)}"


def _show(value: Any) -> str:
    """A value as YAML writes it in one line, so that it can be pasted behind a key."""
    if value is _ABSENT:
        return "(absent)"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_show(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_show, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if value != "" else "''"
