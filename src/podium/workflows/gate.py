"""What is known of a submission before it is handed in: its score, its change from the last one, what looks wrong."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call, option
from podium.decisions import DecisionRules, decided_scores
from podium.errors import PodiumError, StorageError, UsageError
from podium.listing import count_of, part_of
from podium.metrics import (
    METRICS,
    AnswerDrift,
    PairedDifference,
    Scores,
    measure_drift,
    paired_difference,
)
from podium.predicting.expected_score import decided_rows, expect_of_predictions
from podium.predicting.run_rules import load_rules
from podium.store import (
    LoggedSubmission,
    RunFolder,
    asked_metric,
    check_scores,
    load_tables,
    rank_submissions,
    read_answers,
    read_ensemble,
    read_offers,
    read_submissions,
)
from podium.submission import AnswerChange, Submission, SubmissionGate, SubmissionOptions, advise
from podium.tables import Head, Predictions, load_predictions

__all__ = ["Measured", "judge", "measure", "read_shift", "rules_of"]


@dataclass(frozen=True)
class Measured:
    """What is known before the answers are written.

    Args:
        runs: The runs whose mean it is.
        gate: The gate as far as it goes.
        rules: The rules that decide; None where there is not one run.
        is_refit: Whether the model on all images answers.
    """

    runs: tuple[RunFolder, ...]
    gate: SubmissionGate
    rules: DecisionRules | None = None
    is_refit: bool = False


def rules_of(run: RunFolder, predictions: Predictions, options: SubmissionOptions) -> DecisionRules:
    """The rules of a run, with the thresholds and the decoding of a submission."""
    own = load_rules(run, predictions.task)
    has_multi = any(head.is_multi for head in predictions.task.heads)
    thresholds = options.thresholds if has_multi else None
    decoding = options.decoding if predictions.task.composite is not None else "independent"
    given = DecisionRules.of_task(predictions.task, thresholds, decoding, own.consensus)
    by_fold = own.by_fold
    if any(given.thresholds.get(name) != values for name, values in own.thresholds.items()):
        by_fold = {number: replace(learnt, thresholds={}) for number, learnt in by_fold.items()}
    return replace(own, thresholds=given.thresholds, composite=given.composite, by_fold=by_fold)


def measure(
    runs: Sequence[RunFolder],
    predictions: Predictions,
    name: str,
    options: SubmissionOptions,
    *,
    public_share: float | None = None,
    audit: Path | None = None,
) -> Measured:
    """The score of what will be submitted, and its range on the test set.

    Args:
        runs: The runs whose predictions they are; one, but for a mean made in Python.
        predictions: The predictions.
        name: Their name.
        options: Of the submission; its thresholds count.
        public_share: Share of the test images that a public leaderboard scores.
        audit: Folder that `podium audit --test` wrote.

    Raises:
        UsageError: If the share is not in (0, 1), or the audit is none.
    """
    shift = "" if audit is None else read_shift(audit)
    if len(runs) != 1:
        what = f"the mean of {count_of(len(runs), 'run')}" if runs else "predictions of no run"
        why = "podium ensemble measures a mean of runs" if runs else "they have no out-of-fold answers"
        return Measured(tuple(runs), SubmissionGate(what, unmeasured=why, shift=shift))
    (run,) = runs
    about = _about(run, name)
    is_refit = about.get("models") == "refit"
    rules = rules_of(run, predictions, options)
    made_by, partial = _made_by(run, predictions, name, is_refit=is_refit)
    gate = SubmissionGate(made_by, partial=partial, shift=shift)
    try:
        check_scores(run)
        gate = _with_score(gate, run, rules, is_refit=is_refit, views=about.get("views") or ())
    except UsageError as problem:
        return Measured((run,), replace(gate, unmeasured=problem.what.rstrip(".")), rules, is_refit)
    if name != run.oof_file.stem and run.predictions_file(name).is_file() and about:
        gate = replace(gate, expected=expect_of_predictions(run, name, rules=rules))
        if public_share is not None:
            gate = replace(gate, public=expect_of_predictions(run, name, public_share=public_share, rules=rules))
    return Measured((run,), gate, rules, is_refit)


def _about(run: RunFolder, name: str) -> dict[str, Any]:
    path = run.predictions_file(name).with_suffix(".json")
    record = durable.read_json(path) if path.is_file() else {}
    return record if isinstance(record, dict) else {}


def _made_by(run: RunFolder, predictions: Predictions, name: str, *, is_refit: bool) -> tuple[str, str]:
    """What answers, and how many of the folds, where some are missing."""
    found = read_ensemble(run)
    if found is not None:
        return f"an ensemble of {count_of(len(found.members), 'run')}", ""
    if is_refit:
        return "the refit on all images", ""
    one = re.fullmatch(r".+-fold-(\d+)", name)
    asked = run.read()["folds"]
    weights = predictions.origins[0].weights if predictions.origins else None
    made = {int(part[1]) for key in weights or () if (part := re.match(r"fold-(\d+)/", str(key)))}
    if one:
        return f"fold {one[1]} alone", ""
    if not made:
        return "the mean of the folds", ""
    words = f"the mean of {count_of(len(made), 'fold')}" if len(made) > 1 else f"fold {min(made)} alone"
    missing = set(asked) - made
    return words, part_of(len(made), len(made | set(asked)), "fold") if missing else ""


def _with_score(
    gate: SubmissionGate, run: RunFolder, rules: DecisionRules, *, is_refit: bool, views: Sequence[str]
) -> SubmissionGate:
    plain = Scores.from_dict(durable.read_json(run.scores_file))
    gate = replace(gate, metric=plain.main_metric, target=plain.main_target)
    if is_refit:
        own = f"no out-of-fold answers of a refit exist; the folds score {plain.main}"
        return replace(gate, unmeasured=own)
    as_learnt = rules.without_prevalence()
    scores = decided_scores(
        load_predictions(run.oof_file), load_tables(run)[0], as_learnt, plain, metric=asked_metric(run)
    )
    notes = []
    if rules.prevalence:
        notes.append("measured on the shares of classes that were learnt, not on those that are expected")
    if plain.pessimistic is not None:
        notes.append(f"on new objects rather {plain.pessimistic}: look-alikes stand on both sides of the split")
    if _has_other_views(run, views):
        notes.append(f"measured without the views {', '.join(views)}")
    chance = None if math.isnan(scores.chance) else scores.chance
    offers = [offer for offer in read_offers(run) if offer["target"] == gate.target and offer["metric"] == gate.metric]
    remedy = call(f"podium.load_run({run.name!r}).decide", tune=gate.metric) if offers else ""
    return replace(gate, score=scores.main, chance=chance, remedy=remedy, unmeasured="; ".join(notes))


def _has_other_views(run: RunFolder, views: Sequence[str]) -> bool:
    if run.is_ensemble or not run.recipe_file.is_file():
        return bool(set(views) - {"plain"})
    from podium.recipe import load_recipe

    try:
        own = load_recipe(run.recipe_file).predict_views
    except PodiumError:  # of another version
        return False
    return bool(views) and set(views) - {"plain"} != set(own) - {"plain"}


def judge(measured: Measured, root: Path, submission: Submission, task_heads: Sequence[Head]) -> SubmissionGate:
    """The whole gate, now that the answers are known.

    Args:
        measured: What `measure` found.
        root: Folder of all runs, whose last submission counts.
        submission: What will be written.
        task_heads: The targets.
    """
    gate = replace(
        measured.gate,
        constant=submission.constant,
        holds=tuple(sorted(set(submission.values.values()))),
        change=_change(measured, root, submission),
    )
    if len(measured.runs) == 1 and gate.metric and measured.rules is not None:
        gate = replace(gate, drifts=_drifts(measured.runs[0], measured.rules, submission, task_heads))
    return replace(gate, advice=advise(gate))


def _drifts(
    run: RunFolder, rules: DecisionRules, submission: Submission, heads: Sequence[Head]
) -> tuple[AnswerDrift, ...]:
    oof, samples = load_predictions(run.oof_file), load_tables(run)[0]
    found = []
    for head in (head for head in heads if head.name in submission.histogram):
        rows = decided_rows(oof, samples, rules, head.name, as_certain=False)
        found.append(
            measure_drift(
                head.name,
                head.classes,
                np.array([submission.histogram[head.name][name] for name in head.classes]),
                _as_rows(rows.decided, head),
                _as_rows(rows.labels, head),
                rows.groups,
                n_images=len(submission.ids),
                is_multi=head.is_multi,
            )
        )
    return tuple(found)


def _as_rows(labels: NDArray[np.integer[Any]], head: Head) -> NDArray[np.bool_]:
    """Which classes each row has, shape (N, C); none where the label is missing."""
    return np.asarray(labels == 1 if head.is_multi else labels[:, None] == np.arange(head.n_classes))


def _change(measured: Measured, root: Path, submission: Submission) -> AnswerChange | None:
    ids, own_digest = submission.ids, hashlib.sha256(submission.data).hexdigest()
    scored: set[str] = set()
    with suppress(StorageError):  # a damaged leaderboard is told by podium leaderboard
        scored = {row.sha256 for row in rank_submissions(root).rows if not math.isnan(row.public)}
    for last in reversed(read_submissions(root, besides=measured.runs)):
        if last.sha256 == own_digest and own_digest not in scored:
            continue  # the same file written again, which nobody is known to have handed in
        if set(last.histogram) != set(submission.histogram) or not last.runs:
            continue
        before = read_answers(last.runs[0], last.sha256)
        if before is None or not set(ids) & set(before):
            continue
        own = dict(zip(ids, zip(*submission.answers.values(), strict=True), strict=True))
        shared = [name for name in ids if name in before]
        n_changed = sum(own[name] != before[name] for name in shared)
        histogram = {name: dict(counts) for name, counts in last.histogram.items()}
        difference = _difference(measured, last)
        kinds = set(submission.values.values())
        is_same_kind = "probability" not in kinds and kinds == set(last.gate.get("holds") or kinds)
        return AnswerChange(
            last.at, last.name, last.sha256, len(shared), n_changed, histogram, difference, is_same_kind
        )
    return None


def _difference(measured: Measured, last: LoggedSubmission) -> PairedDifference | None:
    """Out of fold, on the images that both were judged on; None where one of them was not measured."""
    if measured.gate.score is None or not last.gate.get("score") or len(last.runs) != 1 or last.rules is None:
        return None
    run, other, gate = measured.runs[0], last.runs[0], measured.gate
    metric = METRICS[gate.metric]
    try:
        check_scores(other)
        old = load_predictions(other.oof_file)
        new = load_predictions(run.oof_file)
        if old.task != new.task or last.gate.get("metric") != gate.metric:
            return None
        assert measured.rules is not None, "a run that is scored has rules"
        rules = replace(
            DecisionRules.from_dict(last.rules, old.task), recipe_pool=load_rules(other, old.task).recipe_pool
        )
        certain = metric.needs == "decisions"
        before = decided_rows(old, load_tables(other)[0], rules, gate.target, as_certain=certain)
        after = decided_rows(new, load_tables(run)[0], measured.rules, gate.target, as_certain=certain)
    except PodiumError:  # the run of the last submission is gone, or was trained on since
        return None
    place = {name: row for row, name in enumerate(before.ids.tolist())}
    pairs = [(place[name], row) for row, name in enumerate(after.ids.tolist()) if name in place]
    if not pairs:
        return None
    a, b = (np.array(rows) for rows in zip(*pairs, strict=True))
    if (before.labels[a] != after.labels[b]).any():
        return None
    return paired_difference(before.probs[a], after.probs[b], after.labels[b], after.groups[b], metric, after.head)


def read_shift(folder: Path) -> str:
    """How well an audit could tell the test set from the data, in words.

    Raises:
        UsageError: If the folder holds no audit, or it looked at no test set.
    """
    path = folder / "audit.json" if folder.is_dir() else folder
    record = durable.read_json(path) if path.is_file() else None
    shifts = record.get("shift") if isinstance(record, dict) else None
    if not isinstance(shifts, list) or not all(isinstance(one, dict) for one in shifts):
        fix = f"Name the folder that {call('podium.audit', 'DATA', test='TEST')} was saved in ({option('out')})."
        raise UsageError("this is no audit.", where=folder, field="audit", fix=fix)
    if not shifts:
        audit = call("podium.audit", "DATA", test="TEST")
        fix = f"Audit with the test set: {audit}, saved in a folder ({option('out')})."
        raise UsageError("this audit did not compare with a test set.", where=folder, field="audit", fix=fix)
    joint = [one for one in shifts if one.get("least_like_train")] or shifts
    return " and ".join(_say_area(one) for one in joint[:2]) + "; 0.5 is no difference"


def _say_area(one: Mapping[str, Any]) -> str:
    value, low, high = (one.get(name) for name in ("area", "low", "high"))
    bounds = f" [{low:.2f}, {high:.2f}]" if isinstance(low, float) and isinstance(high, float) else ""
    size = f"{value:.2f}" if isinstance(value, float) else "unknown"
    return f"AUC {size}{bounds} by {one.get('by')}"
