"""The winner of a search: the best trial, or where trials saw a proxy, the best of the best on all images."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from podium.dataset.prepared import Prepared, load_prepared
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.recipe import Recipe, parse_recipe
from podium.searches.ask import Searching
from podium.searches.clock import Clock
from podium.searches.quiet import Stages
from podium.searches.try_recipe import OutOfTime, Watch, score_so_far, try_recipe
from podium.searches.work import is_complete, is_own
from podium.store import RunFolder
from podium.workflows.train_and_resume import resume, train

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["Winner", "choose_winner", "rank_trials", "recipe_of"]

_JUDGING_S = 10.0
"""Seconds to keep for the untouched groups."""
_LEAST_PACE = 0.7
"""Least share of the expected time that the next finalist may take: the last one may have found its features cached."""


@dataclass(frozen=True)
class Winner:
    """What a search comes down to.

    Args:
        number: Trial that won.
        run: Its run, on all images where finalists were trained.
        reference: The run of the first start, on the same images.
        n_finalists: Recipes that were trained on all images; 0 where trials saw all of them.
        notes: What the user should know.
    """

    number: int
    run: RunFolder
    reference: RunFolder
    n_finalists: int
    notes: tuple[str, ...] = ()


def rank_trials(searching: Searching) -> list[FrozenTrial]:
    """Trials with a score, the best first; of equal ones the earlier."""
    done = [trial for trial in searching.trials if is_complete(trial) and is_own(trial)]
    sign = -1 if searching.record.greater_is_better else 1
    return sorted(done, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def recipe_of(trial: FrozenTrial) -> Recipe:
    """What a trial tried."""
    return parse_recipe(json.loads(trial.user_attrs["recipe"]))


def choose_winner(searching: Searching, settings: Settings, progress: Progress, clock: Clock, n_ratio: float) -> Winner:
    """The best recipe by its out-of-fold score; finalists are trained on all images first, as far as there is time.

    Raises:
        UsageError: If the first start has no score yet.
    """
    ranked, folder = rank_trials(searching), searching.folder
    if not any(trial.number == 0 for trial in ranked):
        raise UsageError(
            f"the time for trials was over before the first start, {searching.record.reference}, was trained.",
            where=folder.path,
            field="minutes",
            fix="Give more minutes; what was trained is kept, and the same search goes on with it.",
        )
    if searching.record.proxy is None:
        return Winner(ranked[0].number, folder.trial(ranked[0].number), folder.trial(0), 0)
    done, notes = _train_finalists(searching, ranked, settings, progress, clock, n_ratio)
    if len(done) < 2 or 0 not in done:
        line = "There was no time to train the winner on all images: it was chosen and is judged on the proxy alone."
        return Winner(ranked[0].number, folder.trial(ranked[0].number), folder.trial(0), 0, (line,))
    sign = 1 if searching.record.greater_is_better else -1
    best = max(done, key=lambda number: (sign * done[number], -number))
    return Winner(best, folder.final(best), folder.final(0), len(done), tuple(notes))


def _train_finalists(
    searching: Searching,
    ranked: Sequence[FrozenTrial],
    settings: Settings,
    progress: Progress,
    clock: Clock,
    n_ratio: float,
) -> tuple[dict[int, float], list[str]]:
    """Scores on all images by trial: of the first start, and of the best trials that there is time for."""
    first = next(trial for trial in ranked if trial.number == 0)
    others = [trial for trial in ranked if trial.number != 0][: searching.record.finalists]
    whole, done, notes, pace = load_prepared(searching.folder.data_folder), dict[int, float](), list[str](), 1.0
    for trial in (first, *others):
        run, expected = searching.folder.final(trial.number), pace * n_ratio * trial.user_attrs["seconds"]
        if not run.is_finished and expected > clock.seconds_left - _JUDGING_S:
            notes.append(f"No time was left to train trial {trial.number} on all images.")
            continue
        progress.note(f"Finalist on all images: trial {trial.number}.")
        started = time.monotonic()
        try:
            _train(run, whole, recipe_of(trial), searching, settings, progress, clock)
        except OutOfTime:
            notes.append(f"The time was over before trial {trial.number} was trained on all images.")
            break
        finally:
            clock.keep()
        if not notes and time.monotonic() - started > 1:
            pace *= min(2.0, max(_LEAST_PACE, (time.monotonic() - started) / max(expected, 1e-6)))
        done[trial.number] = score_so_far(run, run.read()["folds"], searching.record.metric)
    if notes:
        progress.note(f"{count_of(len(done), 'finalist was', 'finalists were')} trained on all images.")
    return done, notes


def _train(
    run: RunFolder,
    whole: Prepared,
    recipe: Recipe,
    searching: Searching,
    settings: Settings,
    progress: Progress,
    clock: Clock,
) -> None:
    own = replace(settings, runs=searching.folder.path, cache=settings.cache_folder, looks=False)
    if settings.processes == 1:
        target = searching.task.main_target.name
        watch = Watch(lambda: clock.seconds_left - _JUDGING_S, target, lambda _step, _score: None)
        if run.is_finished:
            watch = replace(watch, seconds_left=lambda: math.inf)
        try_recipe(run, whole, recipe, own, Stages(progress), watch, lambda _n, _score: None)
    elif not run.run_file.is_file():
        train(whole, recipe=recipe, name=run.name, settings=own, progress=Stages(progress))
    elif not run.is_finished:
        resume(run.name, settings=own, progress=Stages(progress))
