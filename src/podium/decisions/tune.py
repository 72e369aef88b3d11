"""How a target is decided, learnt from out-of-fold predictions, and judged on folds that did not choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.decisions.tune_cuts import tune_cuts
from podium.decisions.tune_thresholds import can_tune_thresholds, tune_thresholds
from podium.decisions.tune_weights import tune_weights
from podium.errors import UsageError
from podium.metric_words import metric_words
from podium.metrics import METRICS, Interval, Metric, PairedDifference, paired_difference, score
from podium.tables import Head, as_certain_probs, decide

__all__ = ["RuleKind", "Tuned", "can_tune", "tune_head"]

RuleKind = Literal["thresholds", "weights", "cuts"]


@dataclass(frozen=True)
class Tuned:
    """A rule of one target.

    Args:
        kind: "thresholds" of a multi-label head, "weights" of classes, or "cuts" on the expected class.
        metric: What was lifted.
        values: The rule from all rows, which answers new images.
        by_fold: For each fold the rule of all other folds, which judges it.
        gain: The score with the rule minus that without, each fold decided by the rule of the others.
        seeming: The same of `values` on the rows that chose them, which is too good.
        score: The score without the rule, and with it on folds that did not choose.
    """

    kind: RuleKind
    metric: str
    values: tuple[float, ...]
    by_fold: Mapping[int, tuple[float, ...]]
    gain: PairedDifference
    seeming: float
    score: tuple[float, float]

    @property
    def helps(self) -> bool:
        """Whether the folds that did not choose score better at all."""
        found: Interval = self.gain.difference
        return found.value > 0 if METRICS[self.metric].greater_is_better else found.value < 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "kind": self.kind,
            "metric": self.metric,
            "values": list(self.values),
            "without": self.score[0],
            "with": self.score[1],
            "gain": self.gain.to_dict(),
            "seeming_gain": self.seeming,
            "is_kept": self.helps,
        }

    def lines(self, name: str) -> list[str]:
        """The same for a terminal."""
        kept = f"the {self.kind} do not help and are not kept"
        if self.helps:
            kept = "kept" if self.gain.verdict == "helps" else "kept, though these images cannot tell it from luck"
        before, after = self.score
        return [
            f"{name}: {metric_words(self.metric)} {before:.4f} without,"
            f" {after:.4f} with {self.kind} of the other folds",
            f"  gain {self.gain.difference}: {self.gain.verdict}; {kept}",
            f"  on the rows that chose them it seems {self.seeming:+.4f}",
        ]


def can_tune(metric: Metric, head: Head) -> RuleKind | None:
    """What can be tuned for a metric of decisions; None where nothing is."""
    if not metric.fits(head) or metric.needs != "decisions":
        return None
    if head.is_multi:
        return "thresholds" if can_tune_thresholds(metric) else None
    if metric.from_counts is not None:
        return "weights"
    return "cuts" if metric.from_totals is not None and head.kind == "ordinal" else None


def tune_head(
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    fold: NDArray[np.int64],
    groups: NDArray[np.object_],
    metric: Metric,
    head: Head,
    *,
    one_threshold: bool = False,
    fold_probs: Mapping[int, NDArray[np.floating[Any]]] | None = None,
) -> Tuned:
    """Choose how a target is decided, on all rows for new images and on all other folds for each fold.

    Args:
        probs: Out-of-fold probabilities, shape (N, C).
        labels: Labels of these rows; -1 is missing.
        fold: Fold of every row, shape (N,), which divides no group.
        groups: Group of every row, for the interval.
        metric: What is lifted; `can_tune` holds.
        head: The target.
        one_threshold: Whether the classes of a multi-label head share one threshold.
        fold_probs: For each fold all rows' probabilities as the other folds calibrate them; None as `probs`.

    Raises:
        UsageError: If there are fewer than two folds.
    """
    numbers = sorted(set(fold.tolist()))
    kind = can_tune(metric, head)
    assert kind is not None, "the metric can be tuned"
    if len(numbers) < 2:
        what = f"{kind} are judged on folds that did not choose them, and this run has one fold."
        raise UsageError(what, field="tune", fix="Train at least two folds.")

    own = fold_probs or {}

    def fit(rows: NDArray[np.bool_], seen: NDArray[np.floating[Any]]) -> tuple[float, ...]:
        return _fit(kind, seen[rows], labels[rows], metric, head, one_threshold)

    values = fit(np.ones(len(fold), dtype=bool), probs)
    by_fold = {number: fit(fold != number, own.get(number, probs)) for number in numbers}
    before = np.array(probs)
    for number in numbers:
        before[fold == number] = own.get(number, probs)[fold == number]
    plain = as_certain_probs(decide(before, head), head)
    nested = np.empty_like(plain)
    for number in numbers:
        nested[fold == number] = _answer(before[fold == number], kind, by_fold[number], head)
    without = score(metric, plain, labels, head)
    chosen_on = score(metric, as_certain_probs(decide(probs, head), head), labels, head)
    seeming = score(metric, _answer(probs, kind, values, head), labels, head) - chosen_on
    gain = paired_difference(plain, nested, labels, groups, metric, head)
    return Tuned(kind, metric.name, values, by_fold, gain, seeming, (without, score(metric, nested, labels, head)))


def _fit(
    kind: RuleKind, probs: NDArray[Any], labels: NDArray[Any], metric: Metric, head: Head, one: bool
) -> tuple[float, ...]:
    if kind == "thresholds":
        return tune_thresholds(probs, labels, metric, head, one=one)
    return (tune_weights if kind == "weights" else tune_cuts)(probs, labels, metric, head)


def _answer(probs: NDArray[Any], kind: RuleKind, values: tuple[float, ...], head: Head) -> NDArray[np.float64]:
    if kind == "thresholds":
        return as_certain_probs(decide(probs, head, values), head)
    weights, cuts = (values, None) if kind == "weights" else (None, values)
    return as_certain_probs(decide(probs, head, weights=weights, cuts=cuts), head)
