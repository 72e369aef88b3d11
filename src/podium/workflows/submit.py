"""What `podium submit` does: a run's test predictions into the organiser's form, and a line in its log."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call
from podium.arguments import refuse_unknown
from podium.errors import UsageError
from podium.metrics import METRICS
from podium.store import RunFolder
from podium.submission import SubmissionOptions, SubmissionRecord, write_submission
from podium.tables import Predictions, load_predictions
from podium.workflows.decide import follow_rules

__all__ = ["submit", "submit_run"]


def submit_run(
    run: RunFolder,
    template: Path | None,
    *,
    name: str = "test",
    out: Path | None = None,
    options: SubmissionOptions | None = None,
) -> SubmissionRecord:
    """Write a run's predictions as a submission, and log it in the run folder.

    Args:
        run: The run.
        template: Sample submission; None writes ids, class names and top probabilities.
        name: Name of the predictions, as given to `podium predict`.
        out: File to write; None is submission.csv in the run folder.
        options: How to read the sample.

    Raises:
        UsageError: If there are no predictions of that name, or other folds made them than are trained now.
        SubmissionError: If predictions and sample do not fit.
    """
    path = run.predictions_file(name)
    if not path.is_file():
        named = {} if name == "test" else {"name": name}
        raise UsageError(
            f"run {run.name!r} has no predictions {name!r}.",
            fix=f"Make them with {call(f'podium.load_run({run.name!r}).predict', 'FOLDER', **named)}.",
        )
    _require_all_folds(run, name)
    predictions = load_predictions(path)
    options = follow_rules(run, predictions.task, _with_metric(run, options or SubmissionOptions()))
    record = write_submission(predictions, template, out or run.submission_file, options)
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "predictions": name, **record.to_dict()}
    durable.Journal(run.submissions_file).append(line)
    return record


def _require_all_folds(run: RunFolder, name: str) -> None:
    """Refuse predictions of other folds than are trained now: the mean of all of them was meant."""
    about_file = run.predictions_file(name).with_suffix(".json")
    about = durable.read_json(about_file) if about_file.is_file() else {}
    made_by = about.get("folds") if isinstance(about, dict) else None
    trained = [fold for fold in run.read()["folds"] if run.is_fold_done(fold)]
    if made_by == trained:
        return
    images = about.get("root") if isinstance(about, dict) else None
    named = {} if name == "test" else {"name": name}
    raise UsageError(
        f"predictions {name!r} are the mean of {_name_folds(made_by)}; {_name_folds(trained)} are trained now.",
        where=about_file,
        fix=f"Make them again with {call(f'podium.load_run({run.name!r}).predict', images or 'FOLDER', **named)}.",
    )


def _name_folds(folds: object) -> str:
    if not isinstance(folds, list) or not folds:
        return "unknown folds"
    return "folds " + ", ".join(map(str, folds))


def submit(
    predictions: Predictions, *, template: str | Path, out: str | Path = "submission.csv", **options: Any
) -> SubmissionRecord:
    """Write predictions as the organiser's sample file wants them, or refuse with reasons.

    Args:
        predictions: Mean predictions of the test set.
        template: Sample submission.
        out: File to write.
        **options: Any field of `podium.submission.SubmissionOptions`.

    Returns:
        What was written: rows, kind of values, class counts, digest.

    Raises:
        SubmissionError: If ids, columns or values do not fit.
        ArgumentError: If an option does not exist; suggests the nearest one.
    """
    refuse_unknown("submit", options, ["template", "out", *(item.name for item in fields(SubmissionOptions))])
    return write_submission(predictions, Path(template), Path(out), SubmissionOptions(**options))


def _with_metric(run: RunFolder, options: SubmissionOptions) -> SubmissionOptions:
    """Probabilities for a sample that does not say what it wants, where the run was to be good at probabilities."""
    if not run.scores_file.is_file():
        return options
    scores = durable.read_json(run.scores_file)
    name = scores.get("main_metric") if isinstance(scores, dict) else None
    needs_probs = isinstance(name, str) and name in METRICS and METRICS[name].needs == "probs"
    return replace(options, unclear="probability") if needs_probs else options
