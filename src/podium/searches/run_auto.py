"""One command from a folder to an answer with one honest number: audit, search, training, ensemble, gate."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call, option
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset.option_homes import option_homes
from podium.dataset.prepared import Prepared, is_prepared, load_prepared, save_prepared
from podium.errors import DataError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.recipe import Overrides, Recipe, parse_recipe
from podium.report import gate_lines
from podium.searches.auto_folder import LONG, AutoFolder, AutoRecord, find_auto, name_auto
from podium.searches.auto_page import draw_auto
from podium.searches.auto_result import AutoResult
from podium.searches.choose_answer import choose_answer
from podium.searches.clock import Clock
from podium.searches.journal import require_optuna
from podium.searches.judge_answer import judge_answer
from podium.searches.names_of_data import words_of
from podium.searches.parts_of_data import hold_groups_out
from podium.searches.result import SearchResult
from podium.searches.run_search import resume_search, search
from podium.stopping import continued_by
from podium.store import RunFolder
from podium.submission import SubmissionRecord
from podium.workflows.audit import DataAudit, audit
from podium.workflows.compose import compose_recipe
from podium.workflows.prepare import Data, prepare
from podium.workflows.run import Run
from podium.workflows.submit import submit_run
from podium.workflows.train_and_resume import resume, train

__all__ = ["auto", "resume_auto"]

SEARCH_SHARE, END_SHARE, TEST_SHARE = 0.45, 0.12, 0.1
"""Of the time after the audit: for the search; for ensemble, untouched groups and page; for a test set as large as the
data. The rest trains."""
_LEAST_TRAINING = 0.15
"""Minutes below which no training is begun."""
_DECIDED_BY_FOLDS = ("split", "leaks", "broken", "twins")
"""Looks of an audit whose errors stop a training, unless an option accepts them."""


@strict_arguments(option_homes)
def auto(
    data: Data,
    *,
    minutes: float,
    test: str | Path | None = None,
    sample: str | Path | None = None,
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
) -> AutoResult:
    """The best answer that the minutes buy, with one number to believe: its score on groups that chose nothing.

    An audit looks at all images; folds are made and checked, and some groups are held out; a search tries recipes; the
    presets that there is time for are trained for as long as there is; all of it becomes an ensemble, which is judged
    on the untouched groups, predicts the test set, and fills the sample submission. The same call goes on where it was
    stopped.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data.
        minutes: Minutes for all of it.
        test: Folder of test images to predict.
        sample: The organiser's sample submission to fill.
        preset: Preset to beat (default: baseline).
        recipe: A recipe, or a recipe file, to beat instead.
        overrides: Changes of every recipe.
        metric: Primary metric (default: that of the task).
        seed: Seed of trainings and search.
        folds: Number of folds (default: 5), or `FoldOptions`.
        options: How to read a folder or table.
        name: Name; None goes on with what was asked before and is not finished, or counts on: auto-1, auto-2.
        settings: Folders, device and limits.
        progress: Receives progress and notes.

    Raises:
        UsageError: If an option is wrong, or there is no time for the first recipe.
        DataError: If the data cannot be used, or the folds leak, as for a training.
        SubmissionError: If the sample cannot be filled; the answer is there all the same.
        Stopped: If a signal asked for it.

    Example:
        found = podium.auto("data/train", minutes=30, test="data/test", sample="sample_submission.csv")
        print(found.score, found.submission.path)
    """
    settings, said = settings or Settings(), progress or default_progress()
    require_optuna()
    _check(minutes, test, sample)
    first = compose_recipe(preset or "baseline", recipe=recipe, overrides=overrides, metric=metric, seed=seed)
    arguments = {
        "first": first.model_dump(mode="json"),
        "is_open": preset is None and recipe is None,
        "overrides": dict(overrides) if isinstance(overrides, dict) else list(overrides or ()),
        "metric": metric,
        "seed": seed,
        "test": None if test is None else str(test),
        "sample": None if sample is None else str(sample),
    }
    asked = {"data": words_of(data), "options": repr(options), "folds": repr(folds), "minutes": minutes, **arguments}
    folder = name_auto(settings.runs, name, asked)
    with durable.hold_lock(folder.path):
        if not folder.record_file.is_file() or folder.read().asked != asked:  # no data were ready under that name
            folder.write(AutoRecord(minutes, asked, arguments))
        _say_plan(folder, said)
        clock = Clock(folder.clock, minutes)
        try:
            with continued_by("Give the same command again."):
                _look_and_divide(folder, data, options, folds, first, settings, said, clock)
            with continued_by(_how_to_continue(folder)):
                return _finish(folder, settings, said, clock)
        finally:
            clock.keep()


def resume_auto(name: str, *, settings: Settings | None = None, progress: Progress | None = None) -> AutoResult:
    """Go on with what `auto` was stopped at, from its data on.

    Args:
        name: Its name.
        settings: Folders, device and limits.
        progress: Receives progress and notes.

    Raises:
        UsageError: If there is none, or its data were not ready yet.
    """
    settings, said = settings or Settings(), progress or default_progress()
    require_optuna()
    folder = find_auto(settings.runs, name)
    if not is_prepared(folder.data_folder):
        raise UsageError(
            "it was stopped before its data were ready.", where=folder.path, fix="Give the same command again."
        )
    with durable.hold_lock(folder.path):
        clock = Clock(folder.clock, folder.read().minutes)
        try:
            with continued_by(_how_to_continue(folder)):
                return _finish(folder, settings, said, clock)
        finally:
            clock.keep()


def _how_to_continue(folder: AutoFolder) -> str:
    return f"Go on with {call('podium.resume_auto', folder.name)}."


def _check(minutes: float, test: str | Path | None, sample: str | Path | None) -> None:
    if not 0 < minutes < 10**6:
        raise UsageError(f"expected a number above 0, got {minutes}.", field="minutes")
    if sample is not None and test is None:
        raise UsageError(
            "a sample is filled with predictions of a test set.", field="sample", fix=f"Give {option('test')} too."
        )
    for field, path in (("test", test), ("sample", sample)):
        if path is not None and not Path(path).exists():
            raise UsageError("there is no such file or folder.", where=path, field=field)


def _say_plan(folder: AutoFolder, progress: Progress) -> None:
    record = folder.read()
    end = END_SHARE + (TEST_SHARE if record.arguments["test"] else 0.0)
    progress.note(
        f"Plan for {record.minutes:g} minutes: audit and folds first; of what is then left, {SEARCH_SHARE:.0%} for a"
        f" search, {1 - SEARCH_SHARE - end:.0%} for training as long as fits, {end:.0%} for the ensemble, the untouched"
        f" groups{' and the submission' if record.arguments['sample'] else ''}."
    )


def _look_and_divide(
    folder: AutoFolder,
    data: Data,
    options: ScanOptions | None,
    folds: int | FoldOptions | None,
    first: Recipe,
    settings: Settings,
    progress: Progress,
    clock: Clock,
) -> None:
    """The audit and the prepared data, unless they are there."""
    if is_prepared(folder.data_folder):
        return
    own = replace(settings, cache=settings.cache_folder)
    is_ready = isinstance(data, Prepared) or (isinstance(data, str | Path) and is_prepared(Path(data)))
    found = None
    if not is_ready:
        test = folder.read().arguments["test"]
        found = audit(
            data,  # type: ignore[arg-type]
            test=test,
            options=options,
            features=test is not None and clock.seconds_left > 600,
            settings=own,
            progress=progress,
        )
        found.save(folder=folder.audit_folder)
        levels = Counter(finding.level for finding in found.findings)
        told = ", ".join(count_of(n, level) for level, n in levels.items()) or "nothing"
        progress.note(f"Audit: {told}; {folder.audit_folder / 'audit.html'}.")
    prepared = prepare(data, folds=folds, options=options, recipe=first, settings=own, progress=progress)
    if found is not None:
        _refuse_errors(found, folder)
    save_prepared(hold_groups_out(prepared, seed=first.seed), folder.data_folder)
    clock.keep()


def _refuse_errors(found: DataAudit, folder: AutoFolder) -> None:
    """Refuse what no training stops at, but that makes every score wrong."""
    errors = [one for one in found.findings if one.level == "error" and one.check not in _DECIDED_BY_FOLDS]
    if errors:
        first = errors[0]
        raise DataError(
            first.what,
            where=folder.audit_folder / "audit.html",
            fix=first.advice or None,
            details=[one.what for one in errors[1:]],
            retry=dict(first.change),
        )


def _finish(folder: AutoFolder, settings: Settings, progress: Progress, clock: Clock) -> AutoResult:
    whole = load_prepared(folder.data_folder)
    own = replace(settings, runs=folder.path, cache=settings.cache_folder)
    found = _search(folder, whole, own, progress, clock)
    _train(folder, whole, own, progress, clock)
    answer, members = choose_answer(folder, whole, found, progress)
    clock.keep()
    record, gate = _submit(folder, answer, own, progress)
    result = judge_answer(folder, whole, found, answer, members, own, progress, clock)
    result = replace(result, submission=record, gate=gate, minutes=round(clock.seconds / 60, 2))
    draw_auto(result)
    durable.write_json(folder.result_file, result.to_dict())
    return result


def _end_seconds(folder: AutoFolder, seconds: float) -> float:
    share = END_SHARE + (TEST_SHARE if folder.read().arguments["test"] else 0.0)
    return share * seconds


def _search(
    folder: AutoFolder, whole: Prepared, settings: Settings, progress: Progress, clock: Clock
) -> SearchResult | None:
    """The search; None, with a note, where its minutes are too few for the first recipe."""
    record = folder.read()
    if record.search_minutes is None:
        record = replace(record, search_minutes=SEARCH_SHARE * max(clock.seconds_left, 1.0) / 60)
        folder.write(record)
    minutes = record.search_minutes
    assert minutes is not None, "they were just written"
    quiet = replace(settings, looks=False)
    try:
        if folder.search.record_file.is_file():
            return resume_search("search", settings=quiet, progress=progress)
        first = parse_recipe(record.arguments["first"])
        return search(
            whole,
            minutes=minutes,
            recipe=first,
            overrides=record.arguments["overrides"],
            finalists=2,
            name="search",
            settings=quiet,
            progress=progress,
        )
    except UsageError as problem:
        if problem.field != "minutes":
            raise
        folder.note(f"No search: {problem.what}", progress)
        return None
    finally:
        clock.keep()


def _train(folder: AutoFolder, whole: Prepared, settings: Settings, progress: Progress, clock: Clock) -> None:
    """What the rest of the time buys, as runs whose names begin with long."""
    started = folder.trainings()
    if folder.answer.run_file.is_file():
        return
    quiet, record = replace(settings, looks=False), folder.read()
    try:
        if started:
            if not all(run.is_finished for run in started) or record.train_minutes is not None:
                resume(started[0].name, settings=quiet, progress=progress)
            return
        total = clock.seconds + clock.seconds_left
        minutes = math.floor(100 * (clock.seconds_left - _end_seconds(folder, total)) / 60) / 100
        if minutes < _LEAST_TRAINING:
            folder.note("No time was left for a training after the search.", progress)
            return
        folder.write(replace(record, train_minutes=minutes))
        asked = record.arguments
        how: dict[str, Any] = {"name": LONG, "minutes": minutes, "settings": quiet, "progress": progress}
        how |= {"metric": asked["metric"], "seed": asked["seed"]}
        how |= {"overrides": asked["overrides"]} if asked["is_open"] else {"recipe": parse_recipe(asked["first"])}
        train(whole, **how)
    except UsageError as problem:
        if problem.field != "minutes":
            raise
        folder.note(f"No training after the search: {problem.what}", progress)
    finally:
        clock.keep()


def _submit(
    folder: AutoFolder, answer: RunFolder, settings: Settings, progress: Progress
) -> tuple[SubmissionRecord | None, tuple[str, ...]]:
    """The test set predicted, and the sample filled."""
    asked = folder.read().arguments
    if asked["test"] is None:
        return None, ()
    run = Run(answer, settings)
    run.predict(asked["test"], name="test", progress=progress)
    if asked["sample"] is None:
        return None, ()
    looked = (
        durable.read_json(folder.audit_folder / "audit.json") if (folder.audit_folder / "audit.json").is_file() else {}
    )
    shift = folder.audit_folder if looked.get("shift") else None
    record = submit_run(answer, Path(asked["sample"]), out=folder.submission_file, overwrite=True, audit=shift)
    assert record.gate is not None, "a run's submission is judged"
    return record, tuple(gate_lines(record.gate, record.histogram))
