"""The recipe that a user asked for: a preset or a file, with overrides on top."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from podium.arguments import strict_arguments
from podium.dataset.option_homes import option_homes
from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.recipe import Overrides, Recipe
    from podium.testing.given_metric import GivenMetric
    from podium.workflows.run import Run

    Teachers: TypeAlias = str | Path | Run | Sequence[str | Path | Run]
    """Finished runs that teach: names, folders or runs."""

__all__ = ["compose_recipe"]


@strict_arguments(option_homes)
def compose_recipe(
    preset: str = "baseline",
    *,
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides | None = (),
    metric: GivenMetric | None = None,
    seed: int | None = None,
    teacher: Teachers | None = None,
    hierarchy: str | Path | None = None,
) -> Recipe:
    """The recipe of a preset or a file, with overrides on top.

    Args:
        preset: "baseline", "quick", "finetune", "strong", "contest-f" or "contest-l".
        recipe: A recipe, or a recipe file, to start from instead.
        overrides: Recipe keys to change: {"training.epochs": 12}, or lines such as ["training.epochs=12"]; None changes
            nothing.
        metric: Primary metric: a name, or a function of y_true and y_pred (decisions) or y_true and y_score
            (probabilities), see `podium.testing.given_metric`.
        seed: Random seed of training.
        teacher: Finished runs whose answers are learnt beside the labels, short for the key distill.teacher.
        hierarchy: A table with the columns `class` and `parent`, short for the key loss.parents.

    Raises:
        UsageError: If the preset does not exist.
        RecipeError: If the file or an override is wrong, or says something that has no effect.
    """
    from podium.decisions import read_parent_table
    from podium.recipe import apply_overrides, find_preset, load_recipe
    from podium.recipe.idle_keys import refuse_idle_values
    from podium.recipe.preset_names import name_changed
    from podium.testing.given_metric import name_metric

    if recipe is None:
        recipe = find_preset(preset)
    elif isinstance(recipe, str | Path):
        path = Path(recipe)
        recipe = load_recipe(path)
        refuse_idle_values(recipe, where=path)
    else:
        refuse_idle_values(recipe)
    more: dict[str, tuple[str, Any]] = {}
    if teacher is not None:
        more["teacher"] = ("distill.teacher", _name_teachers(teacher))
    if hierarchy is not None:
        more["hierarchy"] = ("loss.parents", read_parent_table(Path(hierarchy)))
    recipe = apply_overrides(name_changed(recipe), _with_keys(overrides or (), more))
    if seed is not None and seed < 0:
        raise UsageError(f"must be 0 or more, got {seed}.", field="seed")
    given = None if metric is None else name_metric(metric)
    update = {key: value for key, value in (("metric", given), ("seed", seed)) if value is not None}
    return recipe.model_copy(update=update)


def _name_teachers(teacher: Teachers) -> list[str]:
    runs = [teacher] if isinstance(teacher, str | Path) or not isinstance(teacher, Sequence) else teacher
    return [str(run if isinstance(run, str | Path) else run.folder.path) for run in runs]


def _with_keys(overrides: Overrides, more: Mapping[str, tuple[str, Any]]) -> Overrides:
    """The overrides with further keys, each given by an argument: argument -> key and value."""
    from podium.recipe import override_keys

    for argument, (key, _) in more.items():
        if key in override_keys(overrides):
            raise UsageError(f"{argument} and {key} say the same thing twice.", fix="Leave one of them out.")
    values = dict(more.values())
    if not values or isinstance(overrides, Mapping):
        return {**overrides, **values} if values else overrides  # type: ignore[dict-item]
    lines = [overrides] if isinstance(overrides, str) else overrides
    return [*lines, *(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]
