"""Rules of a run that are learnt from its out-of-fold predictions: thresholds, class weights, cut points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from podium.advice import option, options
from podium.decisions import DecisionRules, Tuned, can_tune, tune_head
from podium.errors import UsageError
from podium.listing import list_some
from podium.metrics import METRICS, Metric
from podium.metrics import metric as find_metric
from podium.tables import Head, Predictions, Samples, Task

__all__ = ["refuse_both", "tune_rules"]


def tune_rules(
    predictions: Predictions, samples: Samples, rules: DecisionRules, metric: str, *, one_threshold: bool = False
) -> tuple[DecisionRules, dict[str, Tuned]]:
    """The rules with what lifts a metric out of fold, for every target that the metric fits.

    A rule that does not help on folds that did not choose it is told, and not kept.

    Args:
        predictions: Out-of-fold predictions, a row for each answer, with groups where there are any.
        samples: Their labels and groups.
        rules: What else was decided: consensus, pool, calibration and parents come before.
        metric: A metric of decisions.
        one_threshold: Whether all classes of a multi-label head share one threshold.

    Raises:
        UnknownNameError: If there is no such metric.
        UsageError: If it fits no target, judges probabilities, or cannot be tuned for; if there is one fold only.
    """
    chosen, task = find_metric(metric), predictions.task
    heads = [head for head in _decided_alone(task, rules) if can_tune(chosen, head)]
    if not heads:
        raise _refusal(chosen, task)
    if one_threshold and not any(head.is_multi for head in heads):
        raise UsageError("one threshold is for multi-label targets, and this task has none.", field="one_threshold")
    rows, probs = samples.rows_of(predictions.ids), rules.pool(predictions).probs
    own = {number: rules.of_fold(learnt).pool(predictions).probs for number, learnt in rules.by_fold.items()}
    tuned = {
        head.name: tune_head(
            probs[head.name],
            samples.target_labels(head.name)[rows],
            predictions.fold,
            samples.group_keys[rows],
            chosen,
            head,
            one_threshold=one_threshold,
            fold_probs={number: found[head.name] for number, found in own.items()},
        )
        for head in heads
    }
    return _with_tuned(rules, {name: found for name, found in tuned.items() if found.helps}), tuned


def _decided_alone(task: Task, rules: DecisionRules) -> list[Head]:
    """The targets whose own probabilities decide them; others are read off these."""
    if task.composite is None or rules.composite == "independent":
        return list(task.targets)
    if rules.composite == "class_first":
        return [head for head in task.targets if head.name not in task.composite.heads]
    return [head for head in task.targets if head.name != task.composite.name]


def _with_tuned(rules: DecisionRules, tuned: Mapping[str, Tuned]) -> DecisionRules:
    def learnt(before: DecisionRules, number: int | None) -> DecisionRules:
        found: dict[str, dict[str, tuple[float, ...]]] = {
            kind: dict(getattr(before, kind)) for kind in ("thresholds", "weights", "cuts")
        }
        for name, item in tuned.items():
            found[item.kind][name] = item.values if number is None else item.by_fold[number]
        return replace(before, thresholds=found["thresholds"], weights=found["weights"], cuts=found["cuts"])

    folds = sorted({number for item in tuned.values() for number in item.by_fold})
    by_fold = {number: learnt(rules.by_fold.get(number, DecisionRules()), number) for number in folds}
    return replace(learnt(rules, None), by_fold={**rules.by_fold, **by_fold})


def _refusal(metric: Metric, task: Task) -> UsageError:
    known = [name for name, item in METRICS.items() if any(can_tune(item, head) for head in task.targets)]
    fix = f"These can be tuned for here: {list_some(known, most=30)}."
    if not any(metric.fits(head) for head in task.targets):
        return UsageError(f"metric {metric.name!r} fits no target of this task.", field="tune", fix=fix)
    if metric.needs == "probs":
        what = f"{metric.name!r} judges probabilities, which no threshold changes."
        return UsageError(what, field="tune", fix=fix)
    return UsageError(f"nothing can be tuned for {metric.name!r}: it is no sum over images.", field="tune", fix=fix)


def refuse_both(*, has_thresholds: bool, one_threshold: bool, tune: str | None) -> None:
    """Raise UsageError for options that contradict each other, or mean nothing alone."""
    if tune is not None and has_thresholds:
        what = f"{option('thresholds')} sets what {option('tune')} chooses."
        raise UsageError(what, field="tune", fix="Give one of them.")
    if one_threshold and tune is None:
        fix = f"Add {options(tune='f1_micro')}, or name the threshold with {option('thresholds')}."
        raise UsageError("nothing is tuned.", field="one_threshold", fix=fix)
