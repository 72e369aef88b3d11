"""How two records (recipes, settings) differ, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["list_differences"]

_ABSENT = object()


def list_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Lines "key.path: old -> new" for every leaf that differs.

    Example:
        >>> list_differences({"seed": 0, "image": {"size": 96}}, {"seed": 0, "image": {"size": 128}, "tta": ["hflip"]})
        ['image.size: 96 -> 128', "tta: (absent) -> ['hflip']"]
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
    return "(absent)" if value is _ABSENT else repr(value)
