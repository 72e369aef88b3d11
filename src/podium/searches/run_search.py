"""A search for a better recipe: trials over a space of keys, and the winner judged on groups that chose nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.advice import call, option
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset.option_homes import option_homes
from podium.dataset.prepared import Prepared, load_prepared, save_prepared
from podium.dataset.ready_images import median_side
from podium.errors import PodiumError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.metrics import Scores, default_metric
from podium.metrics import metric as find_metric
from podium.metrics.registry import check_metric_fits
from podium.recipe import Overrides, Recipe, load_recipe, resolve_sizes, save_recipe
from podium.searches.ask import START
from podium.searches.clock import Clock
from podium.searches.dimension import Dimension
from podium.searches.finals import Winner, choose_winner, rank_trials, recipe_of
from podium.searches.folder import SearchFolder, SearchRecord, find_search, name_search
from podium.searches.importance import measure_importance
from podium.searches.journal import PRUNERS, require_optuna
from podium.searches.names_of_data import words_of
from podium.searches.page import draw_search
from podium.searches.parts_of_data import hold_groups_out, take_proxy
from podium.searches.result import SearchResult, describe_trial
from podium.searches.space import Space, plan_space, read_space
from podium.searches.starts import name_starts, read_starts
from podium.searches.trials import run_trials, size_ratio
from podium.searches.untouched import judge_untouched
from podium.searches.work import open_search
from podium.stopping import continued_by
from podium.tables import HOLDOUT, Samples
from podium.workflows.compose import compose_recipe
from podium.workflows.prepare import Data, prepare

__all__ = ["USUAL_TRIALS", "resume_search", "search"]

USUAL_TRIALS = 30
"""Trials where neither minutes nor trials are given."""


@strict_arguments(option_homes)
def search(
    data: Data,
    *,
    minutes: float | None = None,
    trials: int | None = None,
    space: Mapping[str, Any] | Sequence[str] = (),
    default_space: bool = True,
    starts: Sequence[str] | None = None,
    proxy: int | None = 2000,
    finalists: int = 3,
    prune: str = "median",
    level: float = 0.95,
    preset: str | None = None,
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides | None = (),
    metric: str | None = None,
    seed: int | None = None,
    folds: int | FoldOptions | None = None,
    options: ScanOptions | None = None,
    name: str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search for a better recipe, and say what it is worth on groups that the search never used.

    Some groups are held out first. Trials are proposed by Optuna (TPE), trained fold by fold on a proxy of the rest,
    and left where they cannot win; the best are trained on all images. Everything is kept: the same call, or
    `resume_search`, goes on exactly where it was stopped, also in several processes at once.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data; a holdout that they have is left untouched.
        minutes: Minutes for all of it, from the first trial to the verdict; None has no end.
        trials: Recipes to train; None has no end. Without both, 30.
        space: Keys to vary, over the default space: {"optimizer.lr": (1e-4, 1e-2, "log"), "head.kind": ["lda",
            "ridge"]}, or words "key=low..high:log", "key=a,b,c", "key" (by its type) and "key=" (left out).
        default_space: Whether the keys that matter mostly are searched too.
        starts: Presets, recipe files and runs that are tried first, and that trials start from; None takes `baseline`
            and `quick`. The recipe that `preset`, `recipe` and `overrides` say comes first: it is the one to beat.
        proxy: Images that trials see, whole groups; None, or fewer images than that, shows them all.
        finalists: Best trials that are trained on all images, where there is a proxy.
        prune: What leaves a trial that cannot win: "median" (below the median of earlier ones after a fold or, in the
            first fold, an epoch), "wilcoxon" (worse than the best one, fold by fold), or "none".
        level: Level of intervals and verdicts.
        preset: Preset to beat (default: baseline).
        recipe: A recipe, or a recipe file, to beat instead.
        overrides: Changes of that recipe, and of the presets among `starts` as far as they can take them.
        metric: Metric to search by (default: that of the task).
        seed: Seed of the trainings and of the search.
        folds: Number of folds (default: 5), or `FoldOptions`; its holdout stays untouched.
        options: How to read a folder or table.
        name: Name of the search; None goes on with one that was asked the same and is not finished, or counts on:
            search-1, search-2.
        settings: Folders, device and limits; `processes` work at trials at the same time.
        progress: Receives progress and notes.

    Raises:
        UsageError: If an option is wrong, there is no time for the first start, or the search exists and asks for
            something else.
        RecipeError: If there is no such key.
        DataError: If the data cannot be used, or the folds leak.
        Stopped: If a signal asked for it.

    Example:
        found = podium.search("data/train", minutes=20)
        found.score, found.verdict, found.untouched.optimism
    """
    settings, said = settings or Settings(), progress or default_progress()
    require_optuna()
    _check_numbers(minutes, trials, proxy, finalists, prune, level)
    given = _read(space)
    first = compose_recipe(preset or "baseline", recipe=recipe, overrides=overrides, metric=metric, seed=seed)
    words = name_starts(starts)
    changes = [overrides] if isinstance(overrides, str) else overrides or ()
    read_starts(first, words, settings.runs, changes)  # a wrong name comes before any data is read
    asked = {
        "data": words_of(data),
        "options": repr(options),
        "folds": repr(folds),
        "space": [one if isinstance(one, str) else one.words for one in given.values()],
        "first": first.model_dump(mode="json"),
        "starts": list(words),
        "overrides": dict(changes) if isinstance(changes, Mapping) else list(changes),
        "default_space": default_space,
        "proxy": proxy,
        "finalists": finalists,
        "prune": prune,
        "level": level,
    }
    folder = name_search(settings.runs, name, asked)
    with folder.alone("start"):
        if folder.record_file.is_file():
            _check_same(folder, asked)
        else:
            whole = _prepare(folder, data, folds, options, first, settings, said)
            _write_record(folder, whole, given, asked, settings, with_default=default_space)
        _set_budget(folder, minutes, USUAL_TRIALS if minutes is None and trials is None else trials)
        _say_start(folder, said)
    return finish_search(folder, settings, said)


def resume_search(
    name: str,
    *,
    minutes: float | None = None,
    trials: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Go on with a search that was stopped, join one that other processes are at, or give one more time.

    Args:
        name: Its name.
        minutes: Minutes for all of it, those that were used included; None keeps what it has.
        trials: Trials in all; None keeps what it has.
        settings: Folders, device and limits.
        progress: Receives progress and notes.

    Raises:
        UsageError: If there is none.
    """
    settings, said = settings or Settings(), progress or default_progress()
    require_optuna()
    folder = find_search(settings.runs, name)
    if minutes is not None or trials is not None:
        record = folder.read()
        _set_budget(folder, minutes or record.minutes, trials or record.trials)
    return finish_search(folder, settings, said)


def finish_search(folder: SearchFolder, settings: Settings, progress: Progress) -> SearchResult:
    """Trials, finalists, the untouched groups, the page."""
    with continued_by(f"Go on with {call('podium.resume_search', folder.name)}."):
        return _finish(folder, settings, progress)


def _finish(folder: SearchFolder, settings: Settings, progress: Progress) -> SearchResult:
    run_trials(folder, settings, progress)
    with folder.alone("end"):
        searching, clock = open_search(folder), Clock(folder, folder.read().minutes)
        winner = choose_winner(searching, settings, progress, clock, size_ratio(folder))
        result = _judge(searching, winner, settings, progress, clock)
        clock.keep()
        durable.write_json(folder.result_file, result.to_dict())
        draw_search(result)
    return result


def _judge(searching: Any, winner: Winner, settings: Settings, progress: Progress, clock: Clock) -> SearchResult:
    folder, record = searching.folder, searching.record
    whole = load_prepared(folder.data_folder)
    save_recipe(recipe_of(searching.trials[winner.number]), folder.best_file)
    untouched = judge_untouched(winner.run, winner.reference, whole, record.metric, record.level, settings, progress)
    n_looks = _count_looks(folder, winner)
    done = rank_trials(searching)
    of, importance = measure_importance(done, greater_is_better=record.greater_is_better)
    return SearchResult(
        folder,
        record,
        tuple(describe_trial(trial) for trial in searching.trials if START in trial.user_attrs),
        winner.number,
        winner.run,
        winner.reference,
        Scores.from_dict(durable.read_json(winner.run.scores_file)).main,
        untouched,
        int(np.count_nonzero(whole.folds.fold > HOLDOUT)),
        tuple(record.recipes[record.reference].differences(load_recipe(folder.best_file))),
        of,
        importance,
        round(clock.seconds / 60, 2),
        n_looks,
        (*winner.notes, *_notes(n_looks, untouched.n_groups)),
    )


def _notes(n_looks: int, n_groups: int) -> list[str]:
    notes = []
    if n_looks > 1:
        notes.append(
            f"The untouched groups have judged {count_of(n_looks, 'winner')} of this search: whoever goes on until they"
            " are pleased chooses by them."
        )
    if n_groups < 30:
        notes.append(f"{count_of(n_groups, 'group')} are untouched; with so few the interval is wide.")
    return notes


def _count_looks(folder: SearchFolder, winner: Winner) -> int:
    journal = durable.Journal(folder.looks_file)
    lines = journal.read() if folder.looks_file.is_file() else []
    if winner.run.name not in {line["run"] for line in lines}:
        journal.append({"run": winner.run.name, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        return len(lines) + 1
    return len(lines)


def _check_numbers(
    minutes: float | None, trials: int | None, proxy: int | None, finalists: int, prune: str, level: float
) -> None:
    if minutes is not None and not 0 < minutes < 10**6:
        raise UsageError(f"expected a number above 0, got {minutes}.", field="minutes")
    for field, value in (("trials", trials), ("finalists", finalists), ("proxy", proxy)):
        if value is not None and value < 1:
            raise UsageError(f"must be at least 1, got {value}.", field=field)
    if prune not in PRUNERS:
        raise UsageError(f"expected {', '.join(PRUNERS)}, got {prune!r}.", field="prune")
    if not 0.5 <= level < 1:
        raise UsageError(f"the level is {level:g}; it must be at least 0.5 and below 1.", field="level")


def _read(space: Mapping[str, Any] | Sequence[str]) -> Space:
    if not isinstance(space, Mapping):
        return read_space([space] if isinstance(space, str) else space)
    found: dict[str, Dimension | str] = {}
    for key, values in space.items():
        if isinstance(values, Dimension):
            found[key] = values
        elif isinstance(values, tuple) and 2 <= len(values) <= 3 and _are_numbers(values[:2]):
            is_whole = all(isinstance(value, int) for value in values[:2])
            found[key] = Dimension(key, (), values[0], values[1], is_log="log" in values[2:], is_whole=is_whole)
        elif isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 1:
            found[key] = Dimension(key, tuple(values))
        elif values is None:
            found |= read_space([f"{key}="])
        else:
            raise UsageError(
                f"{key}: expected (low, high), (low, high, 'log') or a list of values, got {values!r}.", field="space"
            )
    return found


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _prepare(
    folder: SearchFolder,
    data: Data,
    folds: int | FoldOptions | None,
    options: ScanOptions | None,
    first: Recipe,
    settings: Settings,
    progress: Progress,
) -> Prepared:
    if (folder.data_folder / "prepared.json").is_file():
        return load_prepared(folder.data_folder)
    prepared = prepare(data, folds=folds, options=options, recipe=first, settings=settings, progress=progress)
    whole = hold_groups_out(prepared, seed=first.seed)
    save_prepared(whole, folder.data_folder)
    return whole


def _write_record(
    folder: SearchFolder,
    whole: Prepared,
    given: Space,
    asked: Mapping[str, Any],
    settings: Settings,
    *,
    with_default: bool,
) -> None:
    """Everything that is fixed for all trials."""
    task = whole.samples.task
    assert task is not None, "data without labels are refused"
    first = Recipe.model_validate(asked["first"])
    head = task.main_target
    metric = find_metric(first.metric or default_metric(head))
    check_metric_fits(metric, head)
    starts = {
        name: _with_size(recipe, whole.samples)
        for name, recipe in read_starts(first, asked["starts"], settings.runs, asked["overrides"]).items()
    }
    dimensions = plan_space(starts, task, given, with_default=with_default)
    part = None if asked["proxy"] is None else take_proxy(whole, asked["proxy"], seed=first.seed)
    if part is not None:
        save_prepared(part, folder.proxy_folder)
    record = SearchRecord(
        {name: recipe.model_dump(mode="json") for name, recipe in starts.items()},
        dimensions,
        metric.name,
        metric.greater_is_better,
        first.seed,
        asked["prune"],
        None if part is None else len(part),
        whole.folds.n_folds,
        asked["finalists"],
        asked["level"],
        None,
        None,
        asked,
    )
    durable.write_json(folder.record_file, record.to_dict())


def _with_size(recipe: Recipe, samples: Samples) -> Recipe:
    """The recipe with its image size as a number, so that the space has sizes beside it."""
    try:
        size = resolve_sizes(recipe, median_side_px=median_side(samples)).image.size_px
    except PodiumError:
        return recipe  # the trial says what is wrong
    return recipe.model_copy(update={"image": recipe.image.model_copy(update={"size_px": size})})


def _check_same(folder: SearchFolder, asked: Mapping[str, Any]) -> None:
    old = folder.read().asked
    differs = [key for key, value in asked.items() if old.get(key) != value]
    if differs:
        again = call("podium.resume_search", folder.name)
        raise UsageError(
            f"search {folder.name!r} asks for something else: its {', '.join(differs)} differ.",
            where=folder.path,
            fix=f"Choose another {option('name')}, or go on with it as it is: {again}.",
        )


def _set_budget(folder: SearchFolder, minutes: float | None, trials: int | None) -> None:
    record = folder.read()
    durable.write_json(folder.record_file, replace(record, minutes=minutes, trials=trials).to_dict())


def _say_start(folder: SearchFolder, progress: Progress) -> None:
    record, whole = folder.read(), load_prepared(folder.data_folder)
    held, rest = whole.folds.holdout_rows, np.count_nonzero(whole.folds.fold > HOLDOUT)
    groups = len(set(whole.samples.group_keys[held].tolist()))
    progress.note(
        f"Untouched: {count_of(len(held), 'image')} in {count_of(groups, 'group')}, which judge the winner. Searched:"
        f" {count_of(int(rest), 'image')}, {count_of(record.n_folds, 'fold')}"
        + ("." if record.proxy is None else f"; trials see {count_of(record.proxy, 'image')} of them.")
    )
    budget = [f"{record.minutes:g} minutes"] if record.minutes is not None else []
    budget += [count_of(record.trials, "trial")] if record.trials is not None else []
    keys = count_of(len(record.space), "key")
    progress.note(f"Search {folder.name}: {' or '.join(budget)} over {keys}, from {', '.join(record.starts)}.")
