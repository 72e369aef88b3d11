"""The rules that a run decides by, found in its folder and followed by everything that answers."""

from __future__ import annotations

from dataclasses import replace

from podium import durable
from podium.decisions import DecisionRules
from podium.store import RunFolder, digest_rules, find_stale, read_pool
from podium.submission import SubmissionOptions, write_submission
from podium.tables import Predictions, Task

__all__ = ["follow_rules", "load_rules", "renew_answers", "write_answers"]


def load_rules(run: RunFolder, task: Task) -> DecisionRules:
    """How a run decides.

    Raises:
        CorruptFileError: If its decisions.json is not of this task.
    """
    usual = DecisionRules(recipe_pool=read_pool(run))
    if not run.decisions_file.is_file():
        return usual
    found = DecisionRules.from_dict(durable.read_json(run.decisions_file), task)
    return replace(found, recipe_pool=usual.recipe_pool)


def follow_rules(run: RunFolder, task: Task, options: SubmissionOptions) -> SubmissionOptions:
    """The options with the rules of the run (thresholds, decoding, weights, cuts) where they set none of their own."""
    rules = load_rules(run, task)
    if options.thresholds is None and rules.thresholds:
        options = replace(options, thresholds=rules.named_thresholds(task))
    if options.decoding == "independent":
        options = replace(options, decoding=rules.composite)
    return replace(
        options,
        weights=options.weights or rules.weights,
        cuts=options.cuts or rules.cuts,
        unknown=options.unknown or rules.unknown,
        sets=options.sets or rules.sets,
    )


def write_answers(run: RunFolder, name: str, predictions: Predictions) -> dict[str, str | None]:
    """Write predictions/<name>.csv: id, then the answer and its probability for every target, as the run decides.

    Returns:
        What the JSON beside it remembers: digests of the file, the predictions and the rules.
    """
    options = follow_rules(run, predictions.task, SubmissionOptions())
    predictions = load_rules(run, predictions.task).pool(predictions)
    record = write_submission(predictions, None, run.predictions_file(name).with_suffix(".csv"), options)
    return {"sha256": record.sha256, "predictions": predictions.origins[0].sha256, "rules": digest_rules(run)}


def renew_answers(run: RunFolder, name: str, predictions: Predictions) -> None:
    """Write predictions/<name>.csv again, unless it is the answer of these predictions to the run's rules."""
    file = run.predictions_file(name).with_suffix(".csv")
    about_file = file.with_suffix(".json")
    about = durable.read_json(about_file) if about_file.is_file() else {}
    is_stale = any(stale.file == f"predictions/{file.name}" for stale in find_stale(run))
    if "answers" in about and file.is_file() and not is_stale:
        return
    durable.write_json(about_file, about | {"answers": write_answers(run, name, predictions)})
