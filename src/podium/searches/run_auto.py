"""One command from a folder to an answer with one honest number: audit, search, training, ensemble, gate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.advice import option
from podium.arguments import strict_arguments
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset.option_homes import option_homes
from podium.dataset.prepared import Prepared, is_prepared, load_prepared, save_prepared
from podium.decisions import score_answers
from podium.errors import DataError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.metrics import Scores, paired_difference
from podium.metrics import metric as find_metric
from podium.recipe import Overrides, Recipe, load_recipe, parse_recipe
from podium.report import gate_lines
from podium.searches.auto_folder import AutoFolder, AutoRecord, find_auto, name_auto
from podium.searches.auto_page import draw_auto
from podium.searches.auto_result import AutoResult, Member
from podium.searches.clock import Clock
from podium.searches.journal import require_optuna
from podium.searches.names_of_data import words_of
from podium.searches.parts_of_data import hold_groups_out
from podium.searches.result import SearchResult
from podium.searches.run_search import resume_search, search
from podium.searches.untouched import judged_side, predict_untouched
from podium.store import RunFolder, list_runs, read_pool
from podium.submission import SubmissionRecord
from podium.tables import HOLDOUT
from podium.workflows.audit import DataAudit, audit
from podium.workflows.compose import compose_recipe
from podium.workflows.ensemble import ensemble
from podium.workflows.prepare import Data, prepare
from podium.workflows.run import Run
from podium.workflows.submit import submit_run
from podium.workflows.train_and_resume import resume, train

__all__ = ["auto", "resume_auto"]

LEVEL = 0.95
SEARCH_SHARE, END_SHARE, TEST_SHARE = 0.45, 0.12, 0.1
"""Of the time after the audit: for the search; for ensemble, untouched groups and page; for a test set as large as the
data. The rest trains."""
_LEAST_TRAINING = 0.15
"""Minutes below which no training is begun."""
_LONG = "long"
_MOST_OF_SEARCH = 3
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
            _look_and_divide(folder, data, options, folds, first, settings, said, clock)
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
            return _finish(folder, settings, said, clock)
        finally:
            clock.keep()


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
    answer, members = _answer(folder, whole, found, own, progress)
    clock.keep()
    record, gate = _submit(folder, answer, own, progress)
    result = _judge(folder, whole, found, answer, members, own, progress, clock)
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
        _tell(folder, progress, f"No search: {problem.what}")
        return None
    finally:
        clock.keep()


def _train(folder: AutoFolder, whole: Prepared, settings: Settings, progress: Progress, clock: Clock) -> None:
    """What the rest of the time buys, as runs whose names begin with long."""
    started = [run for run in list_runs(folder.path) if run.name.startswith(_LONG)]
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
            _tell(folder, progress, "No time was left for a training after the search.")
            return
        folder.write(replace(record, train_minutes=minutes))
        asked = record.arguments
        how: dict[str, Any] = {"name": _LONG, "minutes": minutes, "settings": quiet, "progress": progress}
        how |= {"metric": asked["metric"], "seed": asked["seed"]}
        how |= {"overrides": asked["overrides"]} if asked["is_open"] else {"recipe": parse_recipe(asked["first"])}
        train(whole, **how)
    except UsageError as problem:
        if problem.field != "minutes":
            raise
        _tell(folder, progress, f"No training after the search: {problem.what}")
    finally:
        clock.keep()


def _tell(folder: AutoFolder, progress: Progress, line: str) -> None:
    folder.note(line)
    progress.note(line)


def _candidates(folder: AutoFolder, found: SearchResult | None) -> Iterator[RunFolder]:
    """Runs on all images but the untouched ones, each recipe once, the search's best first."""
    runs = list(_of_search(found)) if found is not None else []
    runs += [run for run in list_runs(folder.path) if run.name.startswith(_LONG) and not run.is_ensemble]
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


def _answer(
    folder: AutoFolder, whole: Prepared, found: SearchResult | None, settings: Settings, progress: Progress
) -> tuple[RunFolder, tuple[Member, ...]]:
    """The ensemble of all runs, unless one of them is better beyond doubt; that one then."""
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
            _tell(folder, progress, f"The ensemble is worse than {runs[best].name} alone, which is the answer.")
    recipes = [load_recipe(run.recipe_file) for run in runs]
    rows = zip(runs, recipes, scores, weights, strict=False)
    return answer, tuple(Member(run, recipe.preset, score, weight) for run, recipe, score, weight in rows)


def _judge(
    folder: AutoFolder,
    whole: Prepared,
    found: SearchResult | None,
    answer: RunFolder,
    members: Sequence[Member],
    settings: Settings,
    progress: Progress,
    clock: Clock,
) -> AutoResult:
    """The one honest number."""
    held = whole.samples.take(whole.folds.holdout_rows)
    reference = members[-1].run if found is None else found.reference_run
    scores = Scores.from_dict(durable.read_json(answer.scores_file))
    made = [predict_untouched(run, held, settings, progress) for run in (answer, reference)]
    own = [
        score_answers(one, held, read_pool(run), metric=scores.main_metric).main
        for one, run in zip(made, (answer, reference), strict=True)
    ]
    sides = [judged_side(one, held, run) for one, run in zip(made, (answer, reference), strict=True)]
    head = made[0].task.main_target
    gain = paired_difference(
        sides[1].probs, sides[0].probs, sides[0].labels, sides[0].groups, scores.main_metric, head, level=LEVEL
    )
    file = folder.audit_folder / "audit.json"
    findings = durable.read_json(file)["findings"] if file.is_file() else []
    return AutoResult(
        folder,
        answer,
        scores.main_metric,
        own[0],
        scores.main,
        own[1],
        gain,
        len(sides[0].labels),
        len(set(sides[0].groups.tolist())),
        int(np.count_nonzero(whole.folds.fold > HOLDOUT)),
        tuple(members),
        0 if found is None else len(found.trials),
        dict(Counter(one["level"] for one in findings)),
        round(clock.seconds / 60, 2),
        notes=(*folder.read().notes, *([] if found is None else found.notes)),
    )


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
