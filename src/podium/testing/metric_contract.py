"""What every metric must do, checked on random answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Metric, count_classes
from podium.tables import Head, HeadKind, decide

__all__ = ["check_metric"]

N_SAMPLES, N_CLASSES = 60, 6


def check_metric(metric: Metric) -> None:
    """Check that a metric can judge: order of rows, perfect answers, bounds, and its quick forms.

    Every kind of head that it says it fits is tried, with ties and sure mistakes among the answers.

    Raises:
        AssertionError: If it breaks one of the rules; says which, for which kind of head, and the two numbers.

    Example:
        >>> from podium.metrics import metric
        >>> check_metric(metric("f1_macro"))
    """
    assert metric.kinds, f"{metric.name} fits no kind of head"
    for kind in metric.kinds:
        for seed in range(3):
            case = _make_case(metric, kind, seed)
            _check_value(case)
            _check_order(case)
            _check_perfect(case)
            _check_decisions(case)
            _check_quick_forms(case)


@dataclass(frozen=True)
class _Case:
    metric: Metric
    head: Head
    probs: NDArray[np.float64]
    labels: NDArray[np.int64]

    @property
    def name(self) -> str:
        """What a message begins with."""
        return f"{self.metric.name} on a head of kind {self.head.kind}"

    def value(self, probs: NDArray[np.float64] | None = None, rows: NDArray[np.int64] | None = None) -> float:
        """Of these answers, or other ones; of all rows, or some."""
        chosen = np.arange(N_SAMPLES) if rows is None else rows
        answers = self.probs if probs is None else probs
        return float(self.metric.function(answers[chosen], self.labels[chosen], self.head))


def _make_case(metric: Metric, kind: HeadKind, seed: int) -> _Case:
    rng = np.random.default_rng(seed)
    head = Head("target", kind, tuple(f"c{place}" for place in range(N_CLASSES)))
    if kind == "multi":
        probs = np.round(rng.random((N_SAMPLES, N_CLASSES)), 2)
        labels = rng.integers(0, 2, (N_SAMPLES, N_CLASSES))
        labels[labels.sum(axis=1) == 0, 0] = 1  # where there is nothing to find, some metrics give 0
    else:
        probs = np.round(rng.dirichlet(np.full(N_CLASSES, 0.5), N_SAMPLES), 2) + 0.01
        probs /= probs.sum(axis=1, keepdims=True)
        labels = rng.permutation(np.arange(N_SAMPLES) % N_CLASSES)
    return _Case(metric, head, probs, labels)


def _check_value(case: _Case) -> None:
    value = case.metric.function(case.probs, case.labels, case.head)
    assert np.ndim(value) == 0, f"{case.name} gives an array of shape {np.shape(value)}, not a number"
    assert np.isfinite(value), f"{case.name} gives {value}, with every class among the labels"


def _check_order(case: _Case) -> None:
    order = np.random.default_rng(9).permutation(N_SAMPLES)
    _same(case, case.value(rows=order), case.value(), "depends on the order of the rows")


def _check_perfect(case: _Case) -> None:
    marks: NDArray[Any] = case.labels if case.head.is_multi else np.eye(N_CLASSES)[case.labels]
    perfect, random = case.value(marks.astype(float)), case.value()
    is_better = perfect >= random - 1e-9 if case.metric.greater_is_better else perfect <= random + 1e-9
    assert is_better, (
        f"{case.name} rates perfect answers {perfect} and random ones {random}: is greater_is_better="
        f"{case.metric.greater_is_better} right?"
    )
    if case.metric.best is not None:
        _same(case, perfect, case.metric.best, "does not reach its best value with perfect answers", atol=1e-6)
    low, high = case.metric.limits_for(case.head)
    assert low - 1e-9 <= random <= high + 1e-9, f"{case.name} gives {random}, outside its own bounds {low} and {high}"


def _check_decisions(case: _Case) -> None:
    if case.metric.needs != "decisions":
        return
    decided = decide(case.probs, case.head)
    hard: NDArray[Any] = decided if case.head.is_multi else np.eye(N_CLASSES)[decided]
    _same(case, case.value(hard.astype(float)), case.value(), 'says needs="decisions", but looks at probabilities')


def _check_quick_forms(case: _Case) -> None:
    for form, one, other in _quick_forms(case):
        _same(case, one, other, f"`{form}` gives another number than `function`")


def _quick_forms(case: _Case) -> Iterator[tuple[str, float, float]]:
    metric, rows = case.metric, np.random.default_rng(5).integers(0, N_SAMPLES, N_SAMPLES)
    rows[:N_CLASSES] = [np.flatnonzero(case.labels.reshape(N_SAMPLES, -1)[:, 0] == 0)[0]] * N_CLASSES
    if metric.from_counts is not None:
        counts = count_classes(decide(case.probs, case.head), case.labels, case.head)
        yield "from_counts", float(metric.from_counts(counts)), case.value()
    if metric.totals is not None and metric.from_totals is not None:
        totals = metric.totals(case.probs, case.labels, case.head)
        yield "from_totals", float(metric.from_totals(totals.sum(axis=0))), case.value()
        yield "from_totals of some rows", float(metric.from_totals(totals[rows].sum(axis=0))), case.value(rows=rows)
    if metric.weighted is not None:
        weights = np.stack([np.ones(N_SAMPLES), np.bincount(rows, minlength=N_SAMPLES)]).astype(float)
        values = metric.weighted(case.probs, case.labels, case.head, weights)
        yield "weighted", float(values[0]), case.value()
        yield "weighted by repeats", float(values[1]), case.value(rows=rows)


def _same(case: _Case, one: float, other: float, problem: str, *, atol: float = 1e-9) -> None:
    is_same = np.isclose(one, other, rtol=1e-9, atol=atol, equal_nan=True)
    assert is_same, f"{case.name} {problem}: {one} and {other}"
