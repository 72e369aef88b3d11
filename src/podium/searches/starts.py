"""Recipes that a search starts from: presets, recipe files, and runs that were trained before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from podium.errors import RecipeError, UsageError
from podium.recipe import PRESETS, Overrides, Recipe, apply_overrides, find_preset, load_recipe
from podium.recipe.preset_names import base_name
from podium.store import find_run

__all__ = ["USUAL_STARTS", "name_starts", "read_starts"]

USUAL_STARTS = ("baseline", "quick")


def name_starts(starts: Sequence[str] | None) -> tuple[str, ...]:
    """The words of the starts; the usual ones where nothing was said."""
    if starts is None:
        return USUAL_STARTS
    return (starts,) if isinstance(starts, str) else tuple(map(str, starts))


def read_starts(first: Recipe, words: Sequence[str], runs: Path, overrides: Overrides = ()) -> dict[str, Recipe]:
    """Recipes by name, the one to beat first; with its seed and metric, and each recipe once.

    Args:
        first: The recipe to beat.
        words: Presets, files and runs.
        runs: Folder of all runs.
        overrides: Changes of the presets among them; those that a preset cannot take are left out.

    Raises:
        UsageError: If a word is none of these.
        RecipeError: If a file is wrong.
    """
    found = {base_name(first.preset): first}
    for word in words:
        recipe = _read(word, runs, overrides).model_copy(update={"seed": first.seed, "metric": first.metric})
        if all(other.differences(recipe) for other in found.values()):
            name = Path(word).stem
            while name in found:
                name += "-2"
            found[name] = recipe
    return found


def _read(word: str, runs: Path, overrides: Overrides) -> Recipe:
    if word in PRESETS:
        return _changed(find_preset(word), overrides)
    if word.endswith((".yaml", ".yml")):
        return load_recipe(Path(word))
    try:
        return load_recipe(find_run(runs, word).recipe_file)
    except UsageError as problem:
        raise UsageError(
            f"{word!r} is no preset, no recipe file and no run.",
            field="starts",
            fix=f"Presets are {', '.join(PRESETS)}. {problem.fix or ''}".strip(),
        ) from None


def _changed(recipe: Recipe, overrides: Overrides) -> Recipe:
    """With every change that the recipe can take."""
    changes: list[Overrides] = (
        [{key: value} for key, value in overrides.items()]
        if isinstance(overrides, Mapping)
        else [[line] for line in overrides]
    )
    for change in changes:
        try:
            recipe = apply_overrides(recipe, change)
        except RecipeError:
            continue
    return recipe
