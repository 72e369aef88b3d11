"""What scores cannot say: classes that were not there, metrics without a value, values without an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podium.metric_words import metric_words
from podium.metrics import METRICS, Scores, TargetScore, is_computable
from podium.report.numbers import plain_score

__all__ = ["Gap", "describe_gaps"]

_LEAVES_OUT = ("balanced_accuracy", "roc_auc_macro")
"""Averages over the classes that occur, as scikit-learn has them."""
_MOST_NAMES = 5


@dataclass(frozen=True)
class Gap:
    """Something that a target's scores cannot say.

    Args:
        name: A short name.
        words: What is missing and what it does to the scores.
    """

    name: str
    words: str


def describe_gaps(scores: Scores) -> tuple[Gap, ...]:
    """Every gap, the main target's first; none where all classes occur and all metrics have a value and an interval."""
    gaps: list[Gap] = []
    several = len(scores.targets) > 1
    for target in scores.targets.values():
        of = f" of {target.target}" if several else ""
        gaps += [*_about_absent(target, of), *_about_undefined(target, of), *_about_intervals(target, of)]
    return tuple(gaps)


def _about_absent(target: TargetScore, of: str) -> Iterator[Gap]:
    absent = target.absent_classes
    if not absent or target.n == 0:
        return
    one, many = ("label", "labels") if target.kind == "multi" else ("class", "classes")
    what = many if len(absent) > 1 else one
    capped = [name for name, most in target.perfect.items() if _is_capped(name, most)]
    left_out = [name for name in target.metrics if name in _LEAVES_OUT and not math.isnan(target.metrics[name].value)]
    it = "They count" if len(absent) > 1 else "It counts"
    words = f"No evaluated image has the {what} {_list(absent)}{of}."
    if capped:
        most = " and ".join(f"{metric_words(name)} {plain_score(target.perfect[name])}" for name in capped)
        words += f" {it} as 0, so the most that any answer can reach is {most}."
    if left_out:
        words += f" {_first_upper(_list_metrics(left_out))} leave{'s' * (len(left_out) == 1)} absent {many} out."
    yield Gap("Absent classes", words)


def _is_capped(name: str, most: float) -> bool:
    metric = METRICS.get(name)
    return metric is not None and metric.best == 1 and is_computable(metric, most) and most < 1 - 1e-9


def _about_undefined(target: TargetScore, of: str) -> Iterator[Gap]:
    undefined = _undefined(target)
    if undefined:
        why = "no label is known" if target.n == 0 else "the evaluated images do not differ in their labels"
        yield Gap("Not defined", f"{_first_upper(_list_metrics(undefined))}{of} cannot be computed: {why}.")


def _undefined(target: TargetScore) -> list[str]:
    """Metrics by which no answer is better than another."""
    return [
        name
        for name, most in target.perfect.items()
        if not (is_computable(METRICS[name], most) if name in METRICS else math.isfinite(most))
    ]


def _about_intervals(target: TargetScore, of: str) -> Iterator[Gap]:
    """Metrics that resampling gave no width: a value without an interval, though one was asked for."""
    undefined = _undefined(target)
    same = [
        name
        for name, found in target.metrics.items()
        if found.n_resamples and not found.has_bounds and name not in undefined
    ]
    if same:
        have = "have" if len(same) > 1 else "has"
        yield Gap(
            "No interval",
            f"{_first_upper(_list_metrics(same))}{of} {have} no interval: every resample gives the same value, so"
            " resampling cannot tell how it would vary.",
        )


def _list_metrics(names: Sequence[str]) -> str:
    words = [metric_words(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
