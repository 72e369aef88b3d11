"""What a recipe is called: by its preset's name only while it is that preset."""

from __future__ import annotations

from typing import Any

from podium.recipe.presets import PRESETS
from podium.recipe.recipe import Recipe

__all__ = ["base_name", "name_changed", "started_from"]

_CHANGED = "-changed"
_NOT_COMPARED = {"preset", "seed", "metric"}
"""What may differ in a recipe that is still called by its preset's name: another seed or metric trains no other way."""


def base_name(name: str) -> str:
    """The name without the mark of a change; runs are numbered by it.

    Example:
        >>> base_name("quick-changed")
        'quick'
    """
    return name.removesuffix(_CHANGED)


def started_from(name: str) -> Recipe | None:
    """The preset that a recipe of this name started from; None where it is no preset's.

    Example:
        >>> started_from("quick-changed").preset
        'quick'
    """
    make = PRESETS.get(base_name(name))
    return None if make is None else make()


def name_changed(recipe: Recipe, *, resolved: bool = True) -> Recipe:
    """The recipe, called "quick-changed" where it has left the preset "quick", and "quick" where it has not.

    Args:
        recipe: Any recipe; one with a name of its own keeps it.
        resolved: Whether numbers may stand where the preset says "auto" without being a change.
    """
    preset = started_from(recipe.preset)
    if preset is None:
        return recipe
    is_same = _is_same(_compared(preset), _compared(recipe), resolved=resolved)
    return recipe.model_copy(update={"preset": preset.preset + ("" if is_same else _CHANGED)})


def _compared(recipe: Recipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", exclude=_NOT_COMPARED)


def _is_same(preset: Any, other: Any, *, resolved: bool) -> bool:
    if isinstance(preset, dict) and isinstance(other, dict):
        keys = preset.keys() | other.keys()
        return all(_is_same(preset.get(key), other.get(key), resolved=resolved) for key in keys)
    return bool(preset == other or (resolved and preset == "auto"))
