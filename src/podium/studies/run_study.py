"""Train every arm of a study on the same folds, leave those that cannot win, and judge the rest."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call, option
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset.option_homes import option_homes
from podium.dataset.prepared import Prepared, load_prepared, save_prepared
from podium.errors import PodiumError, RecipeError, UsageError
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings, default_progress
from podium.machine.progress import Update
from podium.machine.tuning import restored_torch
from podium.metrics import metric as find_metric
from podium.metrics.registry import check_metric_fits
from podium.recipe import Overrides, Recipe, parse_recipe
from podium.stopping import continued_by
from podium.store import RunFolder, list_differences
from podium.studies.arms import StudyArm, ask, plan_arms
from podium.studies.folder import StudyFolder, StudyRecord, find_study, name_study
from podium.studies.page import draw_study
from podium.studies.verdicts import StudyResult, judge_study, runs_of
from podium.tables import Samples
from podium.trackers.follow import tell
from podium.trackers.registry import read_names
from podium.trackers.remember import remember_trackers
from podium.workflows.compare import compare_folders
from podium.workflows.compose import compose_recipe
from podium.workflows.prepare import Data, prepare
from podium.workflows.train_and_resume import resume, train

__all__ = ["resume_study", "study"]

TELL_S = 60.0
"""Seconds that telling the trackers of one run may take, after all trainings."""
STOP_LEVEL = 0.99
"""Level at which an arm must hurt to be left early; it is looked at after every fold."""


@strict_arguments(option_homes)
def study(
    data: Data,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    arms: Sequence[Mapping[str, Any]] = (),
    question: str | None = None,
    grid: bool = False,
    seeds: int = 1,
    level: float = 0.95,
    stop_early: bool = True,
    preset: str | None = None,
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides | None = (),
    metric: str | None = None,
    folds: int | FoldOptions | None = None,
    options: ScanOptions | None = None,
    name: str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    track: str | Iterable[str] | None = None,
) -> StudyResult:
    """Try changes of a recipe on the same data and folds, and give a verdict on each: helps, hurts, or cannot tell.

    Arms are trained fold by fold, side by side; one that clearly hurts is left. Everything is kept: the same call, or
    `resume_study`, goes on where it was stopped.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data.
        vary: Per recipe key, the values to try: {"head.kind": ["lda", "ridge"]}.
        arms: Arms that change several recipe keys at once, beside those of `vary`: [{"image.size_px": 224,
            "training.batch_size": 16}].
        question: A ready question instead or besides: crop, border, mixing, loss, optimizer, schedule, resolution,
            batch_size, arrangement, backbone or head.
        grid: Try every combination of `vary`, and not one key at a time.
        seeds: Seeds of each arm, counted from that of the base. With one, verdicts are of runs, not of recipes.
        level: Confidence level at which all verdicts hold together.
        stop_early: Whether an arm that hurts beyond doubt after some folds is left.
        preset: Preset of the base (default: baseline).
        recipe: A recipe, or a recipe file, as the base.
        overrides: Changes of the base.
        metric: Metric to judge by (default: that of the task).
        folds: Number of folds (default: 5), or `FoldOptions`.
        options: How to read a folder or table.
        name: Name of the study; None counts on: study-1, study-2.
        settings: Folders, device and limits.
        progress: Receives progress and notes.
        track: Trackers that are told of every arm and seed, each a run of one group, when it is trained; as in
            `podium.train`.

    Raises:
        UsageError: If nothing is to be tried, or the study exists and asks for something else.
        RecipeError: If a key or value of `vary` is wrong. Ways of a ready question that the recipe or the task does not
            allow are left out instead, with a note.
        Stopped: If a signal asked for it.

    Example:
        found = podium.study("data/train", vary={"image.size_px": [96, 128, 160]}, seeds=2)
        found.helpful
    """
    settings, said, names = settings or Settings(), progress or default_progress(), read_names(track)
    if seeds < 1:
        raise UsageError(f"must be at least 1, got {seeds}.", field="seeds")
    if not 0.5 <= level < 1:
        raise UsageError(f"the level is {level:g}; it must be at least 0.5 and below 1.", field="level")
    ready = () if question is None else ask(question)
    tried = plan_arms(vary or {}, [*arms, *ready], grid=grid)
    base = compose_recipe(preset or "baseline", recipe=recipe, overrides=overrides, metric=metric)
    known = {arm.name for arm in plan_arms({}, ready)} if ready else set()
    borders = any(key.startswith("borders.*") for arm in tried for key in arm.changes)
    if not borders:  # a wrong key comes before any data is read
        _compose_all(tried, base, may_fail=known)
    folder = name_study(settings.runs, name)
    with durable.hold_lock(folder.path):
        prepared = _prepare(folder, data, folds, options, base, settings, said)
        if base.metric is not None and prepared.samples.task is not None:
            check_metric_fits(find_metric(base.metric), prepared.samples.task.main_target)
        tried = _with_binned_heads(tried, prepared.samples)
        recipes, left_out = _compose_all(tried, base, may_fail=known | {arm.name for arm in tried if borders})
        kept = [arm for arm in tried if arm.name in recipes]
        if len(kept) < 2:
            raise UsageError("no arm is left to try.", details=[f"{arm}: {why}" for arm, why in left_out.items()])
        record = StudyRecord(
            tuple(kept),
            tuple(recipes[arm.name].model_dump(mode="json") for arm in kept),
            tuple(range(base.seed, base.seed + seeds)),
            level,
            stop_early,
            metric,
            left_out,
        )
        _check_same(folder, record)
        durable.write_json(folder.record_file, record.to_dict())
        with continued_by(_how_to_continue(folder)):
            return _train_all(folder, prepared, settings, said, may_fail=known, track=names)


def resume_study(
    name: str,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
    track: str | Iterable[str] | None = None,
) -> StudyResult:
    """Go on with a study that was stopped; a finished one is only judged again.

    Args:
        name: Its name.
        settings: Folders, device and limits.
        progress: Receives progress and notes.
        track: Trackers that are told of every arm, besides those that were told before.

    Raises:
        UsageError: If there is none.
    """
    settings, said, names = settings or Settings(), progress or default_progress(), read_names(track)
    folder = find_study(settings.runs, name)
    with durable.hold_lock(folder.path), continued_by(_how_to_continue(folder)):
        return _train_all(folder, load_prepared(folder.data_folder), settings, said, track=names)


def _how_to_continue(folder: StudyFolder) -> str:
    return f"Go on with {call('podium.resume_study', folder.name)}."


def _prepare(
    folder: StudyFolder,
    data: Data,
    folds: int | FoldOptions | None,
    options: ScanOptions | None,
    base: Recipe,
    settings: Settings,
    progress: Progress,
) -> Prepared:
    if (folder.data_folder / "prepared.json").is_file():
        return load_prepared(folder.data_folder)
    prepared = prepare(data, folds=folds, options=options, recipe=base, settings=settings, progress=progress)
    save_prepared(prepared, folder.data_folder)
    return prepared


def _with_binned_heads(arms: Sequence[StudyArm], samples: Samples) -> list[StudyArm]:
    """`borders.*` for every head that was made from numbers."""
    heads = [name for name in samples.borders if name in samples.numbers]
    found = []
    for arm in arms:
        changes: dict[str, Any] = {}
        for key, value in arm.changes.items():
            if key == "borders.*":
                changes |= {f"borders.{head}.{part}": one for head in heads for part, one in value.items()}
            else:
                changes[key] = value
        if changes or not arm.changes:
            found.append(replace(arm, changes=changes))
    return found


def _compose_all(
    arms: Sequence[StudyArm], base: Recipe, *, may_fail: Collection[str]
) -> tuple[dict[str, Recipe], dict[str, str]]:
    """The recipe of each arm, and why others are left out."""
    recipes, left_out = {"base": base}, {}
    plain = base.model_dump(mode="json")
    for arm in arms:
        if not arm.changes:
            continue
        try:
            made = compose_recipe(recipe=base, overrides=arm.changes)
        except PodiumError as problem:
            if arm.name not in may_fail:
                raise
            left_out[arm.name] = problem.what
            continue
        if not [
            line for line in list_differences(plain, made.model_dump(mode="json")) if not line.startswith("preset")
        ]:
            left_out[arm.name] = "this is the base."
            continue
        recipes[arm.name] = made
    return recipes, left_out


def _check_same(folder: StudyFolder, record: StudyRecord) -> None:
    if not folder.record_file.is_file():
        return
    old, new = folder.read().to_dict(), record.to_dict()
    differs = [key for key in new if key != "left_out" and old.get(key) != new[key]]
    if differs:
        again = call("podium.resume_study", folder.name)
        raise UsageError(
            f"study {folder.name!r} asks for something else: its {', '.join(differs)} differ.",
            where=folder.path,
            fix=f"Choose another {option('name')}, or go on with it as it is: {again}.",
        )


def _train_all(
    folder: StudyFolder,
    prepared: Prepared,
    settings: Settings,
    progress: Progress,
    *,
    may_fail: Collection[str] = (),
    track: Sequence[str] = (),
) -> StudyResult:
    """Every arm and seed on every fold, unless an arm is left early; then the verdicts and the page."""
    record, n_folds = folder.read(), prepared.folds.n_folds
    crew = replace(settings, runs=folder.path, cache=settings.cache_folder, looks=False)
    own = replace(crew, processes=1, ray="")
    arms, left_out = dict(runs_of(folder, record)), dict(record.left_out)
    recipes = {arm.name: recipe for arm, recipe in zip(record.arms, record.recipes, strict=True)}
    alive = list(arms)
    rounds = [[fold] for fold in range(n_folds)] if record.stops_early else [list(range(n_folds))]
    for number, only in enumerate(rounds):
        title = f"fold {number + 1} of {n_folds}" if record.stops_early else "all folds"
        if crew.processes > 1 or crew.ray:
            progress.note(f"Study {folder.name}, {title}: {count_of(len(alive), 'arm')} side by side.")
            _train_side_by_side(folder, {name: arms[name] for name in alive}, prepared, recipes, only, crew, progress)
        for name in list(alive):
            progress.note(f"Study {folder.name}, {title}: {name}.")
            try:
                for seed, run in zip(record.seeds, arms[name], strict=True):
                    _train_one(folder, run, prepared, recipes[name], seed, only, own, progress)
            except (RecipeError, UsageError) as problem:
                if name not in may_fail:
                    raise
                progress.note(Caution(f"Left out, {name}: {problem.what}"))
                left_out[name] = problem.what
                durable.write_json(folder.record_file, replace(record, left_out=left_out).to_dict())
                alive.remove(name)
        if record.stops_early and number + 1 < len(rounds):
            for name in _losers(arms, alive, record):
                progress.note(f"Left after {count_of(number + 1, 'fold')}, {name}: it hurts beyond doubt.")
                alive.remove(name)
    _tell_all(arms, track, progress)
    result = judge_study(folder, n_folds)
    draw_study(result)
    return result


def _train_side_by_side(
    folder: StudyFolder,
    arms: Mapping[str, Sequence[RunFolder]],
    prepared: Prepared,
    recipes: Mapping[str, Mapping[str, Any]],
    only: Sequence[int],
    settings: Settings,
    progress: Progress,
) -> None:
    """The folds of all these arms that are not done, by several workers. An arm that cannot start is met later."""
    from podium.crossval.start_run import start_run
    from podium.crossval.train_runs import train_runs

    started, seconds, quiet = list[RunFolder](), dict[str, float](), _Stages(progress)
    for name, runs in arms.items():
        for seed, run in zip(folder.read().seeds, runs, strict=True):
            before = time.monotonic()
            try:
                if not run.run_file.is_file():
                    recipe = compose_recipe(recipe=parse_recipe(recipes[name]), seed=seed)
                    with restored_torch():
                        start_run(prepared, recipe, FoldOptions(), settings, quiet, name=run.name, only_folds=only)
            except (RecipeError, UsageError):
                continue
            started.append(run)
            seconds[run.name] = time.monotonic() - before
    left = {run.name for run in started if run.folds_left(only)}
    before = time.monotonic()
    trained = train_runs(started, settings, quiet, only_folds=only)
    if len(left) == 1:  # then nobody counted
        trained = dict.fromkeys(left, time.monotonic() - before)
    for name in left:
        line = {"run": name, "folds": list(only), "seconds": seconds[name] + trained.get(name, 0.0)}
        durable.Journal(folder.times_file).append(line)


def _tell_all(arms: Mapping[str, Sequence[RunFolder]], track: Sequence[str], progress: Progress) -> None:
    """Tell the trackers of every run that was trained, one after the other; one that fails is told of no more."""
    names = list(track)
    for run in (run for runs in arms.values() for run in runs if run.run_file.is_file()):
        for name, words in tell(remember_trackers(run, names), run, wait_s=TELL_S).items():
            if words != "told":
                progress.note(Caution(f"Tracker {name} is left out, the study is as without it: {words}."))
                names = [other for other in names if other != name]


def _train_one(
    folder: StudyFolder,
    run: RunFolder,
    prepared: Prepared,
    recipe: Mapping[str, Any],
    seed: int,
    only: Sequence[int],
    settings: Settings,
    progress: Progress,
) -> None:
    """The folds of a run that are not done; how long it took is kept."""
    started, quiet = time.monotonic(), _Stages(progress)
    if not run.run_file.is_file():
        made = parse_recipe(recipe)
        train(prepared, recipe=made, seed=seed, name=run.name, only_folds=only, settings=settings, progress=quiet)
    elif not (run.is_finished and set(only) <= set(run.read()["folds"]) and not run.folds_left()):
        resume(run.name, only_folds=only, settings=settings, progress=quiet)
    else:
        return
    line = {"run": run.name, "folds": list(only), "seconds": time.monotonic() - started}
    durable.Journal(folder.times_file).append(line)


class _Stages:
    """Shows how far a training is; the notes of a hundred trainings would hide those of the study."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stage(self, title: str, total: int) -> AbstractContextManager[Update]:
        """As the study's."""
        return self._progress.stage(title, total)

    def note(self, line: str) -> None:
        """Nothing."""


def _losers(arms: Mapping[str, Sequence[RunFolder]], alive: Sequence[str], record: StudyRecord) -> list[str]:
    """Arms that hurt on the folds that are done."""
    names = ["base", *(name for name in alive if name != "base")]
    if len(names) < 2:
        return []
    found = compare_folders([arms[name] for name in names], metric=record.metric, level=STOP_LEVEL).main.arms
    return [name for name, arm in zip(names[1:], found, strict=True) if arm.verdict == "hurts"]
