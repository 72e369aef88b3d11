"""What `podium submit` does: a run's test predictions into the organiser's form, and a line in its log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from podium import durable
from podium.advice import call
from podium.arguments import refuse_unknown
from podium.errors import CorruptFileError, UsageError
from podium.listing import list_some
from podium.machine import Caution, Progress, default_progress
from podium.metrics import METRICS
from podium.predicting.expected_score import check_public_share
from podium.predicting.run_rules import follow_rules, load_rules, renew_answers
from podium.report import gate_lines
from podium.store import (
    RunFolder,
    StaleFile,
    asked_metric,
    check_out_file,
    check_scores,
    digest_rules,
    find_stale,
    keep_answers,
    weights_behind,
    weights_of,
)
from podium.submission import Submission, SubmissionOptions, SubmissionRecord, write_submission
from podium.tables import Origin, Predictions, load_predictions
from podium.workflows.gate import judge, measure

__all__ = ["submit", "submit_run"]


def submit_run(
    run: RunFolder,
    template: Path | None,
    *,
    name: str = "test",
    out: Path | None = None,
    options: SubmissionOptions | None = None,
    overwrite: bool = False,
    public_share: float | None = None,
    audit: Path | None = None,
) -> SubmissionRecord:
    """Write a run's predictions as a submission, and log it in the run folder.

    Args:
        run: The run.
        template: Sample submission; None writes ids, class names and top probabilities.
        name: Name of the predictions, as given to `podium predict`.
        out: File to write; None is submission.csv in the run folder.
        options: How to read the sample.
        overwrite: Replace also a file that no log of a submission knows.
        public_share: Share of the test images that the public leaderboard scores.
        audit: Folder of an audit that compared the test set with the data.

    Raises:
        UsageError: If there are no predictions of that name, other models made them than are trained now, or a file
            would be replaced that Podium did not write.
        SubmissionError: If predictions and sample do not fit.
    """
    path = run.predictions_file(name)
    if not path.is_file():
        named = {} if name == "test" else {"name": name}
        raise UsageError(
            f"run {run.name!r} has no predictions {name!r}.",
            fix=f"Make them with {call(f'podium.load_run({run.name!r}).predict', 'FOLDER', **named)}.",
        )
    check_public_share(public_share)
    facts = {"name": name, "public_share": public_share, "audit": audit}
    place = out or run.submission_file
    return _submit(load_predictions(path), [run], template, place, options, facts, overwrite=overwrite)


def submit(
    predictions: Predictions,
    *,
    template: str | Path,
    out: str | Path = "submission.csv",
    overwrite: bool = False,
    public_share: float | None = None,
    audit: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SubmissionRecord:
    """Write predictions as the organiser's sample file wants them, or refuse with reasons.

    Predictions of a run, in memory or read from its folder, are logged in its submissions.jsonl and follow what it
    decided (`podium decide`), as with the command. A mean over several runs is logged in each of them.

    Args:
        predictions: Mean predictions of the test set.
        template: Sample submission.
        out: File to write.
        overwrite: Replace also a file that no log of a submission knows.
        public_share: Share of the test images that the public leaderboard scores, such as 0.3: the gate then has the
            range of that score.
        audit: Folder of `podium audit --test`, whose train-test shift the gate repeats.
        progress: Receives what the gate found as notes, and what looks wrong as cautions.
        **options: Any field of `podium.submission.SubmissionOptions`.

    Returns:
        What was written: rows, kind of values, class counts, digest; and `gate`, what is known of it: its score, its
        change from the last submission, advice in a line.

    Raises:
        SubmissionError: If ids, columns or values do not fit.
        UsageError: If other models made the predictions than are trained now, or a file would be replaced that Podium
            did not write.
        ArgumentError: If an option does not exist; suggests the nearest one.
    """
    own = ["template", "out", "overwrite", "public_share", "audit", "progress"]
    refuse_unknown("submit", options, [*own, *(item.name for item in fields(SubmissionOptions))])
    check_public_share(public_share)
    runs = list(dict.fromkeys(run for origin in predictions.origins if (run := _run_of(origin)) is not None))
    name = next((origin.path.stem for origin in predictions.origins), "test")
    facts = {"name": name, "public_share": public_share, "audit": None if audit is None else Path(audit)}
    record = _submit(
        predictions, runs, Path(template), Path(out), SubmissionOptions(**options), facts, overwrite=overwrite
    )
    said = progress or default_progress()
    for line in record.warnings:
        said.note(Caution(line))
    for line in [] if record.gate is None else gate_lines(record.gate, record.histogram):
        said.note(line)
    return record


def _submit(
    predictions: Predictions,
    runs: Sequence[RunFolder],
    template: Path | None,
    out: Path,
    options: SubmissionOptions | None,
    facts: Mapping[str, Any],
    *,
    overwrite: bool,
) -> SubmissionRecord:
    stale = [item for origin in predictions.origins for item in _check_origin(origin)]
    if template is None or not out.exists() or not template.exists() or not out.samefile(template):
        check_out_file(out, runs, overwrite=overwrite)  # the sample itself is refused in words of its own
    runs = [RunFolder(run.path.absolute()) for run in runs]
    options = options or SubmissionOptions()
    asked = _with_metric(runs[0], options) if len(runs) == 1 else options
    if len(runs) == 1:
        options = follow_rules(runs[0], predictions.task, asked)
        predictions = load_rules(runs[0], predictions.task).pool(predictions)

    task = predictions.task
    measured = measure(
        runs, predictions, facts["name"], options, public_share=facts["public_share"], audit=facts["audit"]
    )
    root = runs[0].path.parent if runs else Path("runs")

    def log(record: SubmissionRecord, submission: Submission) -> None:
        filled = {"options": asked.to_dict(), "sources": _sources(template, asked)}
        at = datetime.now(UTC).isoformat(timespec="seconds")
        for run in runs:
            digests = {origin.path.stem: origin.sha256 for origin in predictions.origins if _run_of(origin) == run}
            made_from = {"predictions": digests, "rules": digest_rules(run)}
            line = {"at": at, "predictions": next(iter(digests)), "made_from": made_from, **filled, **record.to_dict()}
            line |= {"runs": [run.name for run in runs]} if len(runs) > 1 else {}
            line |= {} if measured.rules is None else {"decided_by": measured.rules.to_dict()}
            keep_answers(run, record.sha256, submission.ids, submission.answers)
            durable.Journal(run.submissions_file).append(line)

    record = write_submission(
        predictions, template, out, options, judge=lambda made: judge(measured, root, made, task.targets), log=log
    )
    partial = [] if not measured.gate.partial else [f"the predictions are of {measured.gate.partial}."]
    return replace(
        record,
        notes=(*record.notes, *_unfollowed(runs), *dict.fromkeys(map(str, stale))),
        warnings=(*partial, *record.warnings),
    )


def _sources(template: Path | None, options: SubmissionOptions) -> dict[str, Any]:
    """The files that a submission was filled by, with their digests, to fill it once more."""
    given = {"template": template, "id_table": options.id_table}
    return {
        name: {"path": str(Path(path).absolute()), "sha256": durable.sha256_file(path)}
        for name, path in given.items()
        if path is not None
    }


def _unfollowed(runs: Sequence[RunFolder]) -> list[str]:
    """What several runs decided, and a mean over them cannot follow."""
    names = [run.name for run in runs if digest_rules(run) is not None] if len(runs) > 1 else []
    if not names:
        return []
    return [f"What {list_some(names)} decided is not used: a mean over runs is no run. Make it one: `podium ensemble`."]


def _run_of(origin: Origin) -> RunFolder | None:
    run = RunFolder(origin.path.parent.parent)
    return run if origin.path.parent == run.oof_file.parent and run.run_file.is_file() else None


def _check_origin(origin: Origin) -> list[StaleFile]:
    """Refuse predictions of a run that other models made than are trained now: the mean of all of them was meant.

    Answers that are older than the decisions are written again.

    Returns:
        What the user should know besides.
    """
    run, name = _run_of(origin), origin.path.stem
    if run is None:
        return []
    if name == run.oof_file.stem:
        check_scores(run)
    else:
        _check_predictions(run, name, origin)
    return [item for item in find_stale(run) if item.file == run.decisions_file.name]


def _check_predictions(run: RunFolder, name: str, origin: Origin) -> None:
    one_fold = re.fullmatch(r"(.+)-fold-(\d+)", name)
    test_set = one_fold[1] if one_fold else name
    now = weights_of(run, [int(one_fold[2])]) if one_fold else weights_behind(run, name)
    about_file = run.predictions_file(test_set).with_suffix(".json")
    about = durable.read_json(about_file) if about_file.is_file() else {}
    about = about if isinstance(about, dict) else {}
    named = {} if test_set == "test" else {"name": test_set}
    named |= {"models": "refit"} if about.get("models") == "refit" else {}
    images = about.get("root") or "FOLDER"
    again = f"Make them again with {call(f'podium.load_run({run.name!r}).predict', images, **named)}."
    if origin.weights != now or not now:
        raise UsageError(f"predictions {name!r} are {_made_by(origin.weights, now)}.", where=origin.path, fix=again)
    if not origin.path.is_file() or test_set == run.oof_file.stem:
        return
    files = about.get("files")
    if not isinstance(files, dict) or files.get(origin.path.name) != durable.sha256_file(origin.path):
        what = f"predictions {name!r} were changed, or podium predict was not finished."
        raise UsageError(what, where=origin.path, fix=again)
    if not one_fold:
        renew_answers(run, name, load_predictions(origin.path))


def _made_by(weights: object, now: object) -> str:
    made, trained = _name_folds(weights), _name_folds(now)
    if made == trained:
        return f"the mean of {made}, whose weights are others now"
    return f"the mean of {made}; {trained} are trained now"


def _name_folds(weights: object) -> str:
    if not isinstance(weights, dict) or not weights:
        return "unknown folds"
    if any(str(name).startswith("refit/") for name in weights):
        return "the refit"
    numbers = {int(found[1]) for name in weights if (found := re.match(r"(?:.+/)?fold-(\d+)/", str(name)))}
    return "folds " + ", ".join(map(str, sorted(numbers)))


def _with_metric(run: RunFolder, options: SubmissionOptions) -> SubmissionOptions:
    """Probabilities for a sample that does not say what it wants, where a metric of probabilities was asked for.

    The default metric was not asked for, so it says nothing of what the contest wants.
    """
    try:
        name = asked_metric(run)
    except yaml.YAMLError:
        raise CorruptFileError("this recipe cannot be read.", where=run.recipe_file, fix="Restore the file.") from None
    needs_probs = name is not None and name in METRICS and METRICS[name].needs == "probs"
    return replace(options, unclear="probability") if needs_probs else options
