"""Scores of a finished run on images that no model of it learnt from: its holdout, once, or a labelled test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from podium import durable
from podium.advice import call, option
from podium.curate import Scan, ScanOptions
from podium.dataset import Source
from podium.dataset.respell import respell
from podium.dataset.run_images import check_run_files
from podium.dataset.sources import read_labelled_source
from podium.decisions import decided_scores, differing_scores, score_answers
from podium.errors import LabelError, PodiumError, UnknownNameError, UsageError
from podium.listing import part_of
from podium.machine import Caution, Progress, Settings
from podium.metric_words import metric_words
from podium.predicting.expected_score import expect_on_test
from podium.predicting.run_rules import load_rules
from podium.predicting.seen_images import seen_rows
from podium.report import make_report, write_model_card
from podium.store import (
    Evaluation,
    RunFolder,
    asked_metric,
    check_scores,
    count_evaluations,
    load_tables,
    log_evaluation,
    read_evaluations,
    unreadable_logs,
    weights_of,
)
from podium.tables import Samples, Task, fit_to_task
from podium.texttable import Frame
from podium.workflows.predict import predict_run

__all__ = ["HOLDOUT_NAME", "evaluate_holdout_of", "evaluate_run", "read_labelled"]

HOLDOUT_NAME = "holdout"
"""Name of the holdout's predictions."""


def evaluate_holdout_of(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    views: Sequence[str] | None = None,
    again: bool = False,
    table: str | Path | Frame | None = None,
) -> Evaluation:
    """Score a run on its holdout and log it; a second time only if that is asked for, and counted.

    Args:
        run: A finished run.
        settings: Machine and places.
        progress: Receives progress and notes.
        views: Views to average over; None takes those that the run chose, else the recipe's.
        again: Whether to look at a holdout that these models were scored on before.
        table: Table of the images, for ensembles that look at columns of it.

    Raises:
        UsageError: If the run is not finished, has no holdout, or was scored on it before.
        ImageError: If images of the holdout are gone, or other files than at the start.
        LockedError: If another process works in the run folder.
    """
    check_scores(run)
    samples, folds = load_tables(run)
    held = samples.take(folds.holdout_rows)
    if not len(held):
        raise UsageError(
            f"run {run.name!r} has no holdout.",
            fix=f"Train with {option('holdout_fraction')}, or score other images: "
            + call(f"podium.load_run({run.name!r}).evaluate", "FOLDER")
            + ".",
        )
    if not again:
        _refuse_second(run, held)
    check_run_files(run, held)
    _refuse_seen_holdout(run, held)
    return _score(run, held, settings, progress, kind="holdout", name=HOLDOUT_NAME, views=views, table=table)


def _refuse_second(run: RunFolder, held: Samples) -> None:
    weights = weights_of(run, run.read()["folds"])
    for past in read_evaluations(run):
        if past.kind == "holdout" and past.weights == weights and past.data_digest == held.digest:
            raise UsageError(
                f"the holdout was scored on {past.at[:10]}: {metric_words(past.scores.main_metric)}"
                f" {past.scores.main}. A holdout confirms once; whoever chooses by it needs another one.",
                where=run.path,
                fix=f"Read the score in {run.evaluations_file.name}, or score it once more, which is counted, with"
                f" {option('again')}.",
            )


def _refuse_seen_holdout(run: RunFolder, held: Samples) -> None:
    """An ensemble has the holdout of its first run; the models of another may have learnt it."""
    n_seen = int(seen_rows(run, held).sum())
    if n_seen:
        raise UsageError(
            f"models of {run.name!r} learnt {part_of(n_seen, len(held), 'image')} of this holdout: the score would be"
            " of what they remember.",
            where=run.path,
            fix=f"Combine runs that were trained with the same holdout ({option('folds_from')}).",
        )


def evaluate_run(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    *,
    name: str = "evaluation",
    views: Sequence[str] | None = None,
    table: str | Path | Frame | None = None,
) -> Evaluation:
    """Score a run on labelled images from elsewhere and log it.

    Args:
        run: A finished run.
        samples: Images with labels of the run's task, see `fit_to_task`.
        settings: Machine and places.
        progress: Receives progress and notes; also a caution where images, or near-duplicates of them, were trained on.
        name: Name of the prediction files.
        views: Views to average over; None takes those that the run chose, else the recipe's.
        table: Table of the images, for ensembles that look at columns of it.

    Raises:
        UsageError: If the run is not finished, or the name is the holdout's.
        ImageError: If no image can be decoded.
        LockedError: If another process works in the run folder.
    """
    check_scores(run)
    if name == HOLDOUT_NAME:
        raise UsageError(f"{name!r} is the name of the run's own holdout.", field="name", fix="Choose another.")
    samples = _without_seen(run, samples, progress)
    return _score(run, samples, settings, progress, kind="test", name=name, views=views, table=table)


def _without_seen(run: RunFolder, samples: Samples, progress: Progress) -> Samples:
    """The images that no model of the run has learnt; the same file under another name is the same image."""
    is_seen = seen_rows(run, samples)
    if not is_seen.any():
        return samples
    words = f"{part_of(int(is_seen.sum()), len(samples), 'image')} of these"
    if is_seen.all():
        fix = f"The score of run {run.name!r} on its own images is out of fold; score images that it did not train on."
        raise UsageError("the models of this run learnt all of these images.", where=samples.root, fix=fix)
    progress.note(Caution(f"Not scored, {words}: models of run {run.name!r} learnt from them."))
    return samples.take(np.flatnonzero(~is_seen))


def _score(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    *,
    kind: Literal["holdout", "test"],
    name: str,
    views: Sequence[str] | None,
    table: str | Path | Frame | None = None,
) -> Evaluation:
    predictions = predict_run(run, samples, settings, progress, name=name, views=views, table=table)
    metric = asked_metric(run)
    rules = load_rules(run, predictions.task)
    plain = score_answers(predictions, samples, rules.recipe_pool, metric=metric)
    scores = decided_scores(predictions, samples, rules, plain, metric=metric)
    n_answers = len(samples) if scores.of_images is None else scores.of_images.n_bags
    n_groups = len(set(samples.group_keys)) if samples.has_groups else None
    scores = replace(scores, expected=expect_on_test(run, n_images=max(1, n_answers), n_groups=n_groups))
    about: dict[str, Any] = durable.read_json(run.predictions_file(name).with_suffix(".json"))
    known = about["known_images"]
    with durable.hold_lock(run.path):
        made = log_evaluation(
            run,
            kind=kind,
            name=name,
            n=n_answers,
            data_digest=samples.digest,
            weights=about["weights"],
            known_fraction=None if known is None else known["judged_fraction"],
            scores=scores,
            without_rules=None if rules.is_default else plain,
        )
        write_model_card(run)
        make_report(run)
    if unreadable := unreadable_logs(run):
        looks = "The evaluations of other runs cannot be read, so their looks at these images are not counted"
        progress.note(Caution(f"{looks}: {', '.join(unreadable)}."))
    if lines := differing_scores(scores, plain):
        rules_in = f"Scored as the run decides ({run.decisions_file.name}), like the answers of predict and submit"
        progress.note(f"{rules_in}; its out-of-fold scores are without these rules. {'; '.join(lines)}.")
    if made.number > 1:
        progress.note(Caution(_say_looks(run, made)))
    return made


def _say_looks(run: RunFolder, made: Evaluation) -> str:
    runs = count_evaluations(run, made.data_digest)
    told = ", ".join(f"{name} {n}" for name, n in runs.items())
    return (
        f"These images were scored {made.number} times (runs: {told}). A score that was chosen among several is too"
        " good; images that no choice has seen tell more."
    )


def read_labelled(source: Source, task: Task, options: ScanOptions | None, progress: Progress) -> Samples:
    """Images with labels of a task, from whatever holds them.

    Args:
        source: A folder, a table, a DataFrame, a saved scan or samples.
        task: The task that the labels are of; its class order is used where the options give none.
        options: How to read a folder or table.
        progress: Receives what was guessed.

    Raises:
        SourceError: If there are no images, or the table does not fit them.
        LabelError: If there are no labels, or those of another task.
    """
    found, refused = None, None
    wanted = _with_classes(options or ScanOptions(), task)
    if wanted is not None and _is_unread(source):
        try:
            found = read_labelled_source(source, wanted)
        except (LabelError, UnknownNameError) as problem:
            refused = problem  # the names of the heads differ, or classes are spelt in another way
    if found is None:
        found = _read_anew(source, options, refused)
    samples, notes = respell(found.samples, task)
    for note in (*found.notes, *notes):
        progress.note(note)
    return fit_to_task(samples, task)


def _read_anew(source: Source, options: ScanOptions | None, refused: PodiumError | None) -> Scan:
    """The source without the task's classes; where that fails too, the first refusal is the one to show."""
    try:
        found = read_labelled_source(source, options)
    except LabelError as problem:
        raise (refused or problem) from None
    if refused is not None and found.samples.task is None:  # a folder of one class, which is none of the task's
        raise refused
    return found


def _is_unread(source: Source) -> bool:
    from pathlib import Path

    return isinstance(source, str | Path) and not (Path(source) / "samples.json").is_file()


def _with_classes(options: ScanOptions, task: Task) -> ScanOptions | None:
    """The options with the task's classes, so that a test set with one class is labelled too; None where they say what
    makes the classes."""
    if options.bins or options.classes or options.label_kind == "multi":
        return None
    classes = {head.name: head.classes for head in task.heads if not head.is_multi}
    if not classes:
        return None
    head_name = options.head_name or (task.heads[0].name if len(task.heads) == 1 else None)
    return replace(options, classes=classes, head_name=head_name)
