"""What `podium recipe` does: show a recipe in full, compare two, and check one before anything is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import UnknownNameError
from podium.listing import count_of, part_of
from podium.workflows.compose import compose_recipe

if TYPE_CHECKING:
    from podium.recipe import Recipe
    from podium.tables import Task

__all__ = ["check_recipe", "find_recipe", "task_of"]


def find_recipe(name: str, *, overrides: Sequence[str] = (), runs: Path = Path("runs")) -> Recipe:
    """A recipe by the name of a preset, a file, or a run.

    Args:
        name: A preset, a YAML file, a run's name or folder, or "last".
        overrides: Lines "key.path=value".
        runs: Folder of all runs.

    Raises:
        UnknownNameError: If it is none of them.
        RecipeError: If the file or an override is wrong, or says something that has no effect.
    """
    from podium.recipe import PRESETS

    if name in PRESETS:
        return compose_recipe(name, overrides=overrides)
    if Path(name).suffix in {".yaml", ".yml"} or Path(name).is_file():
        return compose_recipe(recipe=Path(name), overrides=overrides)
    return compose_recipe(recipe=_recipe_of_run(name, runs), overrides=overrides)


def _recipe_of_run(name: str, runs: Path) -> Path:
    from podium.recipe import PRESETS
    from podium.store import find_run, list_runs

    known = [run.name for run in list_runs(runs)]
    if not known and not Path(name).is_dir():
        raise UnknownNameError("preset, recipe file or run", name, PRESETS)
    if name not in {"last", *known} and not Path(name).is_dir():
        raise UnknownNameError("preset, recipe file or run", name, [*PRESETS, *known, "last"])
    return find_run(runs, name).recipe_file


def task_of(data: Path, runs: Path = Path("runs")) -> Task | None:
    """What a prepared folder, or a run, learns.

    Raises:
        UsageError: If it is neither.
    """
    from podium.dataset.prepared import is_prepared, load_prepared
    from podium.store import find_run, load_tables

    if is_prepared(data):
        return load_prepared(data).samples.task
    return load_tables(find_run(runs, str(data)))[0].task


def check_recipe(recipe: Recipe, task: Task | None = None) -> list[str]:
    """Build what a recipe names, without training it: backbone with its weights, heads, losses, optimizer, schedule.

    Args:
        recipe: A composed recipe.
        task: What it is to learn; None checks it with a task of one head.

    Returns:
        One line a fact: the model, its parameters, what is trained.

    Raises:
        RecipeError: If it says something that has no effect on the task.
        UnknownNameError: If the model, the optimizer or a head does not exist.
        WeightsError: If the weights cannot be found or do not fit.
    """
    from podium.recipe import check_buildable, resolve_recipe
    from podium.recipe.idle_keys import refuse_idle_for_task
    from podium.tables import Head, Task

    if task is not None:
        refuse_idle_for_task(recipe, task)
    built = resolve_recipe(recipe, median_side_px=224)
    backbone, model = check_buildable(built, task or Task((Head("label", "single", ("a", "b")),)))
    parameters = list(model.parameters())
    n_trained = sum(item.numel() for item in parameters if item.requires_grad)
    return [
        f"model     {backbone.name}, {count_of(backbone.n_features, 'feature')}, weights: {backbone.weight_source}",
        f"trains    {part_of(n_trained, sum(item.numel() for item in parameters), 'parameter')}",
    ]
