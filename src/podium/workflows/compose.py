"""The recipe that a user asked for: a preset or a file, with overrides on top."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from podium.arguments import strict_arguments
from podium.errors import UsageError
from podium.workflows.option_homes import option_homes

if TYPE_CHECKING:
    from podium.recipe import Overrides, Recipe
    from podium.workflows.run import Run

    Teachers: TypeAlias = str | Path | Run | Sequence[str | Path | Run]
    """Finished runs that teach: names, folders or runs."""

__all__ = ["compose_recipe"]

_TEACHER = "distill.teacher"


@strict_arguments(option_homes)
def compose_recipe(
    preset: str = "baseline",
    *,
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides | None = (),
    metric: str | None = None,
    seed: int | None = None,
    teacher: Teachers | None = None,
) -> Recipe:
    """The recipe of a preset or a file, with overrides on top.

    Args:
        preset: "baseline", "quick", "finetune", "strong", "contest-f" or "contest-l".
        recipe: A recipe, or a recipe file, to start from instead.
        overrides: Recipe keys to change: {"training.epochs": 12}, or lines such as ["training.epochs=12"]; None changes
            nothing.
        metric: Primary metric.
        seed: Random seed of training.
        teacher: Finished runs whose answers are learnt beside the labels, short for the key distill.teacher.

    Raises:
        UsageError: If the preset does not exist.
        RecipeError: If the file or an override is wrong, or says something that has no effect.
    """
    from podium.recipe import apply_overrides, find_preset, load_recipe
    from podium.recipe.idle_keys import refuse_idle_values
    from podium.recipe.preset_names import name_changed

    if recipe is None:
        recipe = find_preset(preset)
    elif isinstance(recipe, str | Path):
        path = Path(recipe)
        recipe = load_recipe(path)
        refuse_idle_values(recipe, where=path)
    else:
        refuse_idle_values(recipe)
    recipe = apply_overrides(name_changed(recipe), _with_teachers(overrides or (), teacher))
    if seed is not None and seed < 0:
        raise UsageError(f"must be 0 or more, got {seed}.", field="seed")
    update = {key: value for key, value in (("metric", metric), ("seed", seed)) if value is not None}
    return recipe.model_copy(update=update)


def _with_teachers(overrides: Overrides, teacher: Teachers | None) -> Overrides:
    from podium.recipe import override_keys

    if teacher is None:
        return overrides
    if _TEACHER in override_keys(overrides):
        raise UsageError("teacher and distill.teacher name the same key.", fix="Leave one of them out.")
    runs = [teacher] if isinstance(teacher, str | Path) or not isinstance(teacher, Sequence) else teacher
    names = [str(run if isinstance(run, str | Path) else run.folder.path) for run in runs]
    if isinstance(overrides, Mapping):
        return {**overrides, _TEACHER: names}
    lines = [overrides] if isinstance(overrides, str) else overrides
    return [*lines, f"{_TEACHER}={json.dumps(names, ensure_ascii=False)}"]
