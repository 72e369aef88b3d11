"""From predictions and samples to scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError, UsageError
from podium.metrics.bootstrap import Judged, Resampled, effective_groups, number_groups, resample
from podium.metrics.counts import confusion_counts, count_classes
from podium.metrics.definition import Metric
from podium.metrics.f1 import class_f1
from podium.metrics.interval import MIN_GROUPS, Interval, bound_without_width, resampled_bounds
from podium.metrics.measured import measure
from podium.metrics.precision_recall import class_precision, class_recall
from podium.metrics.registry import check_metric_fits, default_metric, score, usual_metrics
from podium.metrics.registry import metric as find_metric
from podium.metrics.scores import ClassScore, Scores, TargetScore
from podium.tables import Head, Predictions, Samples, Task, decide

__all__ = ["score_predictions", "score_targets_fast"]


def score_predictions(
    predictions: Predictions,
    samples: Samples,
    *,
    metric: str | Metric | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Scores:
    """Scores of every target, with intervals from resampling the samples' groups.

    Pass out-of-fold, valid or holdout predictions: on rows a model was trained on, every number here is too good.

    Args:
        predictions: Rows to score, matched to the samples by id. Samples without a prediction are left out.
        samples: Labels and groups.
        metric: Metric of the main target; the default is "f1_macro", for multi-label heads
            "average_precision_macro".
        n_resamples: Resamples of groups; 0 gives values without intervals.
        seed: Seed of the resamples.
        level: Confidence level of the intervals.

    Raises:
        UsageError: If the metric does not exist or does not fit the main target.
        SourceError: If a prediction's id is not among the samples.
        LabelError: If the samples have no labels, or those of another task.
    """
    task = predictions.task
    main_metric = _main_metric(task, metric)
    if n_resamples < 0 or not 0 < level < 1:
        raise UsageError(f"n_resamples must be 0 or more and level in (0, 1), got {n_resamples} and {level}.")
    _check_same_task(task, samples)
    rows = samples.rows_of(predictions.ids)
    order = np.argsort(rows)  # so that intervals do not depend on the order of the predictions
    rows = rows[order]
    targets = [
        Judged(
            head,
            predictions.probs[head.name][order],
            samples.target_labels(head.name)[rows],
            _metrics_of(head, main_metric),
        )
        for head in task.targets
    ]
    groups, n_groups = number_groups(samples.group_keys[rows])
    resampled: list[Resampled | None] = [None] * len(targets)
    if n_resamples and n_groups >= MIN_GROUPS:
        resampled = list(resample(targets, groups, n_groups, n_resamples=n_resamples, seed=seed))
    scored = [_score_target(target, groups, found, level) for target, found in zip(targets, resampled, strict=True)]
    return Scores(task.main_target.name, main_metric.name, {item.target: item for item in scored})


def score_targets_fast(
    probs: Mapping[str, NDArray[np.floating[Any]]],
    labels: Mapping[str, NDArray[np.integer[Any]]],
    task: Task,
    *,
    metric: str | Metric | None = None,
) -> dict[str, float]:
    """One number a target, without intervals, for the end of an epoch; the main target first.

    Args:
        probs: Per head, shape (N, C). The composite's may be left out: then it is the product of its heads'.
        labels: Per head, as in `Samples.labels`.
        task: The heads and the composite class.
        metric: Metric of the main target and of all others that it fits; the others have their default.

    Raises:
        UsageError: If the metric does not exist or does not fit the main target.

    Example:
        >>> task = Task((Head("animal", "single", ("cat", "dog")),))
        >>> probs = {"animal": np.array([[0.9, 0.1], [0.2, 0.8]])}
        >>> score_targets_fast(probs, {"animal": np.array([0, 1])}, task)
        {'animal': 1.0}
    """
    main_metric = _main_metric(task, metric)
    composite = task.composite
    values = {}
    for head in task.targets:
        is_composite = composite is not None and head.name == composite.name
        if composite is not None and is_composite:
            own_labels: NDArray[np.integer[Any]] = composite.encode(labels)
            own_probs = probs[head.name] if head.name in probs else composite.joint_probs(probs)
        else:
            own_labels, own_probs = labels[head.name], probs[head.name]
        values[head.name] = score(_metric_for(head, main_metric), own_probs, own_labels, head)
    return values


def _main_metric(task: Task, metric: str | Metric | None) -> Metric:
    """The metric asked for, or the default; checked against the main target."""
    name = default_metric(task.main_target) if metric is None else metric
    chosen = name if isinstance(name, Metric) else find_metric(name)
    check_metric_fits(chosen, task.main_target)
    return chosen


def _metric_for(head: Head, main_metric: Metric) -> Metric:
    return main_metric if main_metric.fits(head) else find_metric(default_metric(head))


def _metrics_of(head: Head, main_metric: Metric) -> tuple[Metric, ...]:
    """The main metric where it fits, then the usual ones."""
    first = (main_metric,) if main_metric.fits(head) else ()
    return first + tuple(find_metric(name) for name in usual_metrics(head) if name != main_metric.name)


def _check_same_task(task: Task, samples: Samples) -> None:
    if samples.task is None:
        raise LabelError("these samples have no labels, so predictions for them cannot be scored.")
    if samples.task != task:
        raise LabelError(
            "predictions and samples are for different tasks.",
            fix="Score predictions against the samples they were made for.",
            details=[f"predictions: {task.to_dict()}", f"samples: {samples.task.to_dict()}"],
        )


def _score_target(target: Judged, groups: NDArray[np.int64], resampled: Resampled | None, level: float) -> TargetScore:
    head, labels = target.head, target.labels
    decisions = decide(target.probs, head)
    is_known = np.asarray((labels >= 0).any(axis=1) if head.is_multi else labels >= 0)
    n_groups = _count_distinct(groups[is_known])
    measured = {}
    for item in target.metrics:
        values = np.empty(0) if resampled is None else resampled.values[item.name]
        measured[item.name] = measure(item, target, values, groups=groups[is_known], level=level)
    return TargetScore(
        target=head.name,
        kind=head.kind,
        n=int(is_known.sum()),
        n_groups=n_groups,
        metrics={name: found.interval for name, found in measured.items()},
        per_class=_score_classes(target, groups, is_known, resampled, level=level),
        confusion=confusion_counts(decisions, labels, head),
        chance={name: found.chance for name, found in measured.items()},
        perfect={name: found.perfect for name, found in measured.items()},
    )


def _score_classes(
    target: Judged, groups: NDArray[np.int64], is_known: NDArray[np.bool_], resampled: Resampled | None, *, level: float
) -> tuple[ClassScore, ...]:
    head = target.head
    counts = count_classes(decide(target.probs, head), target.labels, head)
    f1, precision, recall = class_f1(counts), class_precision(counts), class_recall(counts)
    low = high = np.full(head.n_classes, np.nan)
    if resampled is not None:
        low, high = resampled_bounds(
            f1,
            class_f1(resampled.counts),
            n_groups=_count_distinct(groups[is_known]),
            level=level,
            limits=(0.0, 1.0),
            n_effective=effective_groups(groups[is_known]),
        )
    class_groups = _count_class_groups(target, groups)
    bounds = [
        # An absent class has no F1 that could be better or worse.
        bound_without_width(
            Interval(float(f1[i]), float(low[i]), float(high[i]), n, 0, level), perfect=1.0 if n else 0.0, worst=0.0
        )
        for i, n in enumerate(class_groups)
    ]
    return tuple(
        ClassScore(
            name=name,
            n=int(counts.actual[i]),
            precision=float(precision[i]),
            recall=float(recall[i]),
            f1=float(f1[i]),
            f1_low=bounds[i].low,
            f1_high=bounds[i].high,
            n_groups=class_groups[i],
        )
        for i, name in enumerate(head.classes)
    )


def _count_class_groups(target: Judged, groups: NDArray[np.int64]) -> list[int]:
    """In how many groups each class occurs."""
    labels, n_classes = target.labels, target.head.n_classes
    if target.head.is_multi:
        rows, classes = (labels == 1).nonzero()
    else:
        rows = np.flatnonzero(labels >= 0)
        classes = labels[rows].astype(np.int64)
    pairs = np.sort(groups[rows] * n_classes + classes)
    firsts = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
    return [int(count) for count in np.bincount(firsts % n_classes, minlength=n_classes)]


def _count_distinct(numbers: NDArray[np.int64]) -> int:
    """How many different non-negative numbers there are; ten times as quick as `np.unique` for a million."""
    return int(np.count_nonzero(np.bincount(numbers)))
