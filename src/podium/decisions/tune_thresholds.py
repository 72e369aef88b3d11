"""Thresholds of a multi-label head that are best for a metric on given rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions.tune_sample_thresholds import SAMPLE_SCORES, tune_sample_thresholds
from podium.metrics import Metric
from podium.metrics.counts import ClassCounts
from podium.tables import DECISION_THRESHOLD, Head

__all__ = ["can_tune_thresholds", "tune_thresholds"]

FloatArray = NDArray[np.float64]

N_CANDIDATES = 400
"""Thresholds tried for a class; each lies just below an image that has the label, where the best one must lie."""
_SWEEPS = 20


def can_tune_thresholds(metric: Metric) -> bool:
    """Whether thresholds can be tuned for a metric: it is a formula of class counts, or a mean over images we know."""
    return metric.from_counts is not None or metric.name in SAMPLE_SCORES


def tune_thresholds(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], metric: Metric, head: Head, *, one: bool = False
) -> tuple[float, ...]:
    """The threshold of every class that is best on these rows: what they score here is too good elsewhere.

    The best single threshold is found first; then each class's in turn, the others held, until none moves. Where the
    metric is a sum over classes (macro F1, label accuracy) that is the best of all candidates.

    Args:
        probs: Shape (N, C).
        labels: 0, 1 or -1 (missing), shape (N, C).
        metric: A metric for which `can_tune_thresholds` holds.
        head: The multi-label head.
        one: Whether all classes share one threshold.
    """
    own = [_Sorted.of(probs[:, c], labels[:, c]) for c in range(head.n_classes)]
    start = _best_single(own, probs, labels, metric)
    if one:
        return (start,) * head.n_classes
    if metric.name in SAMPLE_SCORES:
        return tune_sample_thresholds(probs, labels, SAMPLE_SCORES[metric.name], start)
    tried = [item.candidates(start) for item in own]
    tables = [item.counts(limits) for item, limits in zip(own, tried, strict=True)]
    place = [int(np.searchsorted(limits, start)) for limits in tried]
    actual = np.array([len(item.positive) for item in own], dtype=np.float64)
    hits, predicted = (np.array([table[i][at] for table, at in zip(tables, place, strict=True)]) for i in (0, 1))
    counts = ClassCounts(hits, actual, predicted, np.asarray(float(sum(len(item.every) for item in own))))
    assert metric.from_counts is not None, "a metric of counts"
    for _ in range(_SWEEPS):
        before = list(place)
        for c, table in enumerate(tables):
            place[c] = _best_place(counts, c, table, metric.from_counts, place[c])
            counts.hits[c], counts.predicted[c] = table[0][place[c]], table[1][place[c]]
        if place == before:
            break
    return tuple(float(limits[at]) for limits, at in zip(tried, place, strict=True))


@dataclass(frozen=True, eq=False)
class _Sorted:
    """Ascending probabilities of one class: of all images whose label is known, and of those that have it."""

    every: FloatArray
    positive: FloatArray

    @classmethod
    def of(cls, probs: NDArray[Any], labels: NDArray[Any]) -> _Sorted:
        values = np.asarray(probs, dtype=np.float64)
        return cls(np.sort(values[labels >= 0]), np.sort(values[labels == 1]))

    def candidates(self, *besides: float) -> FloatArray:
        """Ascending thresholds: in the middle between an image with the label and the next one below, 0.5 and 1."""
        chosen = _thin(self.positive)
        below = np.searchsorted(self.every, chosen, side="left") - 1
        lower = np.where(below >= 0, self.every[below], 0.0) if len(chosen) else chosen
        return np.unique(np.concatenate([(lower + chosen) / 2, [DECISION_THRESHOLD, 1.0, *besides]]))

    def counts(self, thresholds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How many images reach each threshold and have the label, and how many reach it."""
        hits, answered = (len(v) - np.searchsorted(v, thresholds) for v in (self.positive, self.every))
        return hits.astype(np.float64), answered.astype(np.float64)


def _thin(values: FloatArray) -> FloatArray:
    """At most `N_CANDIDATES` of sorted values, evenly by rank."""
    if len(values) <= N_CANDIDATES:
        return values
    return values[np.linspace(0, len(values) - 1, N_CANDIDATES).round().astype(np.int64)]


def _best_place(
    counts: ClassCounts,
    c: int,
    table: tuple[FloatArray, FloatArray],
    formula: Callable[[ClassCounts], FloatArray],
    now: int,
) -> int:
    """The candidate of class c that is best while all other classes stay; the present one unless another is better."""
    n = len(table[0])
    hits, predicted = np.tile(counts.hits, (n, 1)), np.tile(counts.predicted, (n, 1))
    hits[:, c], predicted[:, c] = table
    actual = np.broadcast_to(counts.actual, hits.shape)
    return _first_best(formula(ClassCounts(hits, actual, predicted, np.full(n, counts.n))), now)


def _first_best(values: FloatArray, now: int) -> int:
    values = np.where(np.isnan(values), -np.inf, values)
    best = int(values.argmax())
    return best if values[best] > values[now] + 1e-12 else now


def _best_single(own: Sequence[_Sorted], probs: NDArray[Any], labels: NDArray[Any], metric: Metric) -> float:
    """The threshold that is best for all classes at once."""
    positive = _thin(np.sort(np.concatenate([_thin(item.positive) for item in own])))
    tried = np.unique(np.concatenate([positive, [DECISION_THRESHOLD, 1.0]]))
    half = int(np.searchsorted(tried, DECISION_THRESHOLD))
    if metric.from_counts is None:
        tried = tried[np.unique([half, *np.linspace(0, len(tried) - 1, 40).round().astype(np.int64)])]
        formula = SAMPLE_SCORES[metric.name]
        values = np.array([formula.mean(np.asarray(probs >= limit), labels) for limit in tried])
        return float(tried[_first_best(values, int(np.searchsorted(tried, DECISION_THRESHOLD)))])
    hits, predicted = (np.stack(columns, axis=1) for columns in zip(*(item.counts(tried) for item in own), strict=True))
    actual = np.broadcast_to(np.array([len(item.positive) for item in own], dtype=np.float64), hits.shape)
    n = np.full(len(tried), float(sum(len(item.every) for item in own)))
    return float(tried[_first_best(metric.from_counts(ClassCounts(hits, actual, predicted, n)), half)])
