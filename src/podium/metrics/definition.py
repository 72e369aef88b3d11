"""What a metric is: a name, what it fits, and a function of probabilities and labels.

Every metric works on class probabilities. One that needs decisions only makes them itself (the most probable class;
0.5 for multi-label heads), so hard decisions can be judged too: pass them as probabilities of 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.metrics.constant_answers import class_shares
from podium.metrics.counts import ClassCounts, count_classes
from podium.metrics.interval import UNLIMITED
from podium.metrics.ratio import divide
from podium.tables import Head, HeadKind, decide

__all__ = ["ALL_KINDS", "ONE_CLASS", "Metric", "count_metric", "mean_metric", "total_metric", "weighted_metric"]

Probs = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]
Worst = Callable[[Head], float]
ConstantAnswers = Callable[[Labels, FloatArray, Head], Sequence[FloatArray]]

ALL_KINDS: tuple[HeadKind, ...] = ("single", "ordinal", "multi")
ONE_CLASS: tuple[HeadKind, ...] = ("single", "ordinal")
"""Kinds of heads that give each sample exactly one class."""


@dataclass(frozen=True)
class Metric:
    """A number that says how good probabilities are.

    `function` alone is enough for a metric of your own. The other fields say the same number in a form that many
    resamples share, which is what makes intervals quick; at most one form is given.

    Args:
        name: As in scikit-learn's scorers, where it has one.
        kinds: Kinds of heads it fits.
        needs: "decisions" or "probs"; decisions do not change when the probabilities are sharpened.
        greater_is_better: False for losses and errors.
        function: The value for probs (N, C), labels and their head; nan where it is not defined.
        from_counts: The values for class counts of shape (..., C).
        totals: Columns (N, K) that are summed over samples before `from_totals` makes the value of them.
        from_totals: The values for such sums, shape (...) from (..., K).
        weighted: The values for row weights (B, N), shape (B,).
        best: The perfect value, which no bound of an interval goes beyond; None where there is none.
        worst: The value of answers that are as wrong as can be, for a head, which no bound goes beyond; None where it
            is not known.
        constants: Answers that are the same for every image, one of which is the best such answer; see
            `constant_answers`. Metrics of class counts do not need it. None: chance is not known.
    """

    name: str
    kinds: tuple[HeadKind, ...]
    needs: Literal["decisions", "probs"]
    greater_is_better: bool
    function: Callable[[Probs, Labels, Head], float]
    from_counts: Callable[[ClassCounts], FloatArray] | None = None
    totals: Callable[[Probs, Labels, Head], FloatArray] | None = None
    from_totals: Callable[[FloatArray], FloatArray] | None = None
    weighted: Callable[[Probs, Labels, Head, FloatArray], FloatArray] | None = None
    best: float | None = None
    worst: Worst | None = None
    constants: ConstantAnswers | None = None

    def limits_for(self, head: Head) -> tuple[float, float]:
        """What no bound goes beyond, below and above."""
        if self.best is None:
            return UNLIMITED
        worst = self.worst_for(head)
        if self.greater_is_better:
            return -math.inf if math.isnan(worst) else worst, self.best
        return self.best, math.inf if math.isnan(worst) else worst

    def worst_for(self, head: Head) -> float:
        """The value of answers that are as wrong as can be; nan where it is not known."""
        return math.nan if self.worst is None else self.worst(head)

    def fits(self, head: Head) -> bool:
        """Whether the metric is defined for this kind of head."""
        return head.kind in self.kinds


def count_metric(
    name: str, kinds: tuple[HeadKind, ...], formula: Callable[[ClassCounts], FloatArray], worst: Worst | None = None
) -> Metric:
    """A metric of decisions that the class counts determine. Greater is better."""

    def function(probs: Probs, labels: Labels, head: Head) -> float:
        return float(formula(count_classes(decide(probs, head), labels, head)))

    return Metric(name, kinds, "decisions", True, function, from_counts=formula, best=1.0, worst=worst or _zero)


def total_metric(
    name: str,
    kinds: tuple[HeadKind, ...],
    needs: Literal["decisions", "probs"],
    totals: Callable[[Probs, Labels, Head], FloatArray],
    formula: Callable[[FloatArray], FloatArray],
    *,
    greater_is_better: bool,
    worst: Worst | None = None,
    constants: ConstantAnswers | None = None,
) -> Metric:
    """A metric that is a formula of a few sums over samples."""

    def function(probs: Probs, labels: Labels, head: Head) -> float:
        return float(formula(totals(probs, labels, head).sum(axis=0)))

    best = 1.0 if greater_is_better else 0.0
    return Metric(
        name,
        kinds,
        needs,
        greater_is_better,
        function,
        totals=totals,
        from_totals=formula,
        best=best,
        worst=worst or (_zero if greater_is_better else None),
        constants=constants,
    )


def mean_metric(
    name: str,
    kinds: tuple[HeadKind, ...],
    needs: Literal["decisions", "probs"],
    totals: Callable[[Probs, Labels, Head], FloatArray],
    *,
    greater_is_better: bool,
    worst: Worst | None = None,
    constants: ConstantAnswers | None = None,
) -> Metric:
    """A metric that is a mean over samples or labels: totals are (value, how many it is over)."""
    return total_metric(
        name,
        kinds,
        needs,
        totals,
        _mean_of_totals,
        greater_is_better=greater_is_better,
        worst=worst,
        constants=constants,
    )


def weighted_metric(
    name: str, kinds: tuple[HeadKind, ...], weighted: Callable[[Probs, Labels, Head, FloatArray], FloatArray]
) -> Metric:
    """A metric of the ranking of the samples, from 0 to 1. Greater is better."""

    def function(probs: Probs, labels: Labels, head: Head) -> float:
        return float(weighted(probs, labels, head, np.ones((1, len(labels))))[0])

    return Metric(
        name, kinds, "probs", True, function, weighted=weighted, best=1.0, worst=_zero, constants=class_shares
    )


def _zero(_head: Head) -> float:
    return 0.0


def _mean_of_totals(totals: FloatArray) -> FloatArray:
    return divide(totals[..., 0], totals[..., 1], otherwise=np.nan)
