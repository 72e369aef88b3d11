"""The best run that there is time for: a baseline, whose score stands whatever comes, then what the time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from podium.crossval.minutes import TimeBudget
from podium.dataset.prepared import load_prepared
from podium.errors import RecipeError, UsageError
from podium.metrics import METRICS
from podium.workflows.compare import compare_folders
from podium.workflows.run import Run
from podium.workflows.train_and_resume import Start, start_and_finish

if TYPE_CHECKING:
    from podium.curate import Scan
    from podium.dataset.prepared import Prepared
    from podium.recipe import Recipe

__all__ = ["train_in_minutes"]

LADDER = (("strong", 20), ("finetune", 8), ("quick", 2))
"""Presets to try, the best first, and the epochs below which the next is the better use of the time."""


def train_in_minutes(opened: Scan | Prepared, compose: Callable[[str], Recipe], how: Start, budget: TimeBudget) -> Run:
    """Train `baseline`, then the best preset that there is time for on the same folds; gives the better run.

    A note compares both pair by pair. The choice between two runs by their scores makes the better one's a trifle too
    good.

    Args:
        opened: The data.
        compose: Name of a preset -> recipe, with the user's changes.
        how: Everything else; a name is continued by the preset's.
        budget: The minutes.

    Raises:
        UsageError: If there is no time for `baseline`; says what there is time for.
    """
    more = list(_compose_ladder(compose, how))  # refused before any work
    first = start_and_finish(opened, compose("baseline"), _named(how, "baseline"), budget=budget)
    for recipe, preset, least_epochs in more:
        wanted = replace(budget, least_epochs=least_epochs)
        second = _try(first, recipe, _named(how, preset), wanted)
        if second is not None:
            return _choose(first, second, how)
    return first


def _compose_ladder(compose: Callable[[str], Recipe], how: Start) -> Iterator[tuple[Recipe, str, int]]:
    """Recipe, preset and least epochs of every rung. Changes that `strong` cannot take leave it out."""
    for preset, least_epochs in LADDER:
        try:
            yield compose(preset), preset, least_epochs
        except RecipeError as problem:
            if preset != "strong":
                raise
            how.progress.note(f"Not trained, {preset}: {problem.what}")


def _try(first: Run, recipe: Recipe, how: Start, budget: TimeBudget) -> Run | None:
    """A run on the folds of the first; None, with a note, where it cannot be trained in time or not at all."""
    from podium.crossval.foresee import check_time, has_other_size
    from podium.recipe import load_recipe

    prepared = replace(load_prepared(first.folder.path), notes=())
    try:
        if has_other_size(recipe, prepared, load_recipe(first.folder.recipe_file)):
            check_time(recipe, prepared, list(first.folder.read()["folds"]), how.settings, budget)
        return start_and_finish(prepared, recipe, how, budget=budget)
    except UsageError as problem:  # the first run's score stands
        how.progress.note(f"Not trained, {recipe.preset}: {problem.what}")
        return None


def _named(how: Start, preset: str) -> Start:
    from podium.dataset import FoldOptions

    folds = how.folds if preset == "baseline" else FoldOptions()  # prepared data have theirs
    return replace(how, name=None if how.name is None else f"{how.name}-{preset}", folds=folds)


def _choose(first: Run, second: Run, how: Start) -> Run:
    """The run with the better score; a note says by how much, and whether these images can tell."""
    main = compare_folders([[first.folder], [second.folder]]).main
    found, metric = main.arms[0], METRICS.get(main.metric)
    gain = found.difference.value * (1 if metric is None or metric.greater_is_better else -1)
    scores = ", ".join(f"{run.name} {run.scores.main.value:.4f}" for run in (first, second))
    how.progress.note(f"{main.metric}: {scores}. Difference {found.difference}: {found.verdict}.")
    return second if gain > 0 else first
