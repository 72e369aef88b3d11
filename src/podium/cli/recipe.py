"""podium recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import RecipeAction
from podium.cli.console import print_json, print_lines
from podium.cli.flags import DATA, MACHINE, RECIPE, ResultFlags
from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.recipe import Recipe

__all__ = ["recipe"]

_NUMBERS = {"show": (1, "one recipe"), "diff": (2, "two recipes"), "check": (1, "one recipe")}


def recipe(
    action: Annotated[RecipeAction, Parameter(group=RECIPE)],
    recipes: Annotated[tuple[str, ...], Parameter(group=RECIPE, consume_multiple=True, negative="")] = ("baseline",),
    *,
    overrides: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-s"], group=RECIPE, consume_multiple=True, negative="")
    ] = (),
    data: Annotated[Path | None, Parameter(group=DATA)] = None,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Show a recipe in full as YAML, compare two recipes key by key, or check one before any image is decoded.

    A recipe is a preset (baseline, quick, ...), a YAML file, or a run by its name, its folder, or "last".

    Example: podium recipe diff quick last

    Args:
        action: What to do: show prints every key; diff prints the keys that differ; check builds the model with its
            weights, the losses and the optimizer, and says what would be trained.
        recipes: One recipe, or two to compare.
        overrides: Recipe keys to change: --set training.epochs=20. With diff they change the second recipe.
        data: With check: a folder that `podium scan --out` or `podium split --out` wrote, or a run folder, whose labels
            the recipe is to learn.
        runs: Folder of all runs.
    """
    from podium.workflows.recipes import find_recipe

    n, words = _NUMBERS[action]
    if len(recipes) != n:
        raise UsageError(f"{action} takes {words}, got {len(recipes)}.", fix=f"Write podium recipe {_example(action)}.")
    if data is not None and action != "check":
        raise UsageError("--data goes with check.", fix=f"Leave it out, or write podium recipe {_example('check')}.")
    *others, changed = recipes
    found = [find_recipe(name, runs=runs) for name in others] + [find_recipe(changed, overrides=overrides, runs=runs)]
    if action == "diff":
        _show_difference(found, recipes, as_json=output.json)
    elif action == "show":
        _show(found[0], as_json=output.json)
    else:
        _check(found[0], data, runs, as_json=output.json)
    return 0


def _example(action: str) -> str:
    return {"show": "show quick", "diff": "diff quick finetune", "check": "check recipe.yaml --data PREPARED"}[action]


def _show(recipe: Recipe, *, as_json: bool) -> None:
    from podium.recipe import write_recipe_text

    if as_json:
        print_json(recipe.model_dump(mode="json"))
    else:
        print_lines(*write_recipe_text(recipe).splitlines())


def _show_difference(found: list[Recipe], names: tuple[str, ...], *, as_json: bool) -> None:
    lines = found[0].differences(found[1])
    if as_json:
        print_json({"recipes": list(names), "differences": lines})
    else:
        print_lines(*(lines or ["the recipes are the same"]))


def _check(recipe: Recipe, data: Path | None, runs: Path, *, as_json: bool) -> None:
    from podium.workflows.recipes import check_recipe, task_of

    facts = check_recipe(recipe, None if data is None else task_of(data, runs))
    if as_json:
        print_json({"recipe": recipe.preset, "is_sound": True, "facts": [" ".join(line.split()) for line in facts]})
    else:
        print_lines(f"recipe    {recipe.preset}", *facts, "the recipe can be trained")
