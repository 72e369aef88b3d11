"""The answer of `auto`: the ensemble of its runs, or the best of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from podium import durable
from podium.dataset.prepared import Prepared, load_prepared
from podium.errors import UsageError
from podium.machine import Progress
from podium.metrics import Scores
from podium.metrics import metric as find_metric
from podium.recipe import Recipe, load_recipe
from podium.searches.auto_folder import AutoFolder
from podium.searches.auto_result import Member
from podium.searches.result import SearchResult
from podium.store import RunFolder
from podium.workflows.ensemble import ensemble
from podium.workflows.run import Run

__all__ = ["choose_answer"]

_MOST_OF_SEARCH = 3


def _candidates(folder: AutoFolder, found: SearchResult | None) -> Iterator[RunFolder]:
    """Runs on all images but the untouched ones, each recipe once, the search's best first."""
    runs = list(_of_search(found)) if found is not None else []
    runs += [run for run in folder.trainings() if not run.is_ensemble]
    seen: list[Recipe] = []
    for run in runs:
        if not run.is_finished or run.folds_left():
            continue
        recipe = load_recipe(run.recipe_file)
        if all(other.differences(recipe) for other in seen):
            seen.append(recipe)
            yield run


def _of_search(found: SearchResult) -> Iterator[RunFolder]:
    yield found.winner_run
    if found.reference_run.path != found.winner_run.path:
        yield found.reference_run
    sign = -1 if found.record.greater_is_better else 1
    done = sorted((row for row in found.trials if row.state == "done"), key=lambda row: sign * row.score)
    place = found.folder.trial if found.record.proxy is None else found.folder.final
    for row in done[:_MOST_OF_SEARCH]:
        run = place(row.number)
        if run.path not in (found.winner_run.path, found.reference_run.path) and run.run_file.is_file():
            yield run


def choose_answer(
    folder: AutoFolder, whole: Prepared, found: SearchResult | None, progress: Progress
) -> tuple[RunFolder, tuple[Member, ...]]:
    """The ensemble of all runs, unless one of them is better beyond doubt; that one then.

    Args:
        folder: Of this `auto`.
        whole: All data; runs on a part of them are left out.
        found: The search, where there was one.
        progress: Receives progress and notes.

    Returns:
        The run that answers, and what was there to choose from, with the weight of each.

    Raises:
        UsageError: If no run is finished.
    """
    runs = [run for run in _candidates(folder, found) if len(load_prepared(run.path)) == len(whole)]
    if not runs:
        raise UsageError(
            "the minutes were over before any recipe was trained on all images.",
            where=folder.path,
            field="minutes",
            fix="Give more minutes; what was trained is kept where a search or training is named the same.",
        )
    scores = [Scores.from_dict(durable.read_json(run.scores_file)).main.value for run in runs]
    metric = find_metric(Scores.from_dict(durable.read_json(runs[0].scores_file)).main_metric)
    best = int(np.argmax(scores if metric.greater_is_better else -np.asarray(scores)))
    weights = [float(place == best) for place in range(len(runs))]
    answer = runs[best]
    if len(runs) > 1:
        if not folder.answer.run_file.is_file():
            asked = folder.read().arguments["metric"]
            names = [str(run.path) for run in runs]
            ensemble(*names, runs=folder.path, name="answer", weights="search", metric=asked, progress=progress)
        section = Run(folder.answer).members
        if section.gain_verdict != "hurts":
            answer = folder.answer
            weights = [line.weight for line in section.lines]
        else:
            folder.note(f"The ensemble is worse than {runs[best].name} alone, which is the answer.", progress)
    recipes = [load_recipe(run.recipe_file) for run in runs]
    rows = zip(runs, recipes, scores, weights, strict=False)
    return answer, tuple(Member(run, recipe.preset, score, weight) for run, recipe, score, weight in rows)
