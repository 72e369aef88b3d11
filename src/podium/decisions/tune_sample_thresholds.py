"""Thresholds that are best for a mean over images: the F1 of an image's labels, or all of them right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.fbeta import fbeta_of

__all__ = ["SAMPLE_SCORES", "SampleScore", "tune_sample_thresholds"]

FloatArray = NDArray[np.float64]
_SWEEPS = 5


@dataclass(frozen=True)
class SampleScore:
    """A metric that is a mean over images.

    Args:
        of_counts: The value of every image from its labels that are found, that were answered, and that it has.
    """

    of_counts: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

    def mean(self, decided: NDArray[np.bool_], labels: NDArray[Any]) -> float:
        """The mean over all images with a known label; decided and labels have shape (N, C)."""
        answered, has = decided & (labels >= 0), labels == 1
        counts = ((answered & has).sum(axis=1), answered.sum(axis=1), has.sum(axis=1))
        values = self.of_counts(*(item.astype(np.float64) for item in counts))
        return float(values[(labels >= 0).any(axis=1)].mean())


def _all_right(hits: FloatArray, answered: FloatArray, actual: FloatArray) -> FloatArray:
    return np.asarray((hits == answered) & (hits == actual), dtype=np.float64)


SAMPLE_SCORES: Mapping[str, SampleScore] = MappingProxyType(
    {
        "f1_samples": SampleScore(partial(fbeta_of, beta=1.0)),
        "fbeta_0.5_samples": SampleScore(partial(fbeta_of, beta=0.5)),
        "fbeta_2_samples": SampleScore(partial(fbeta_of, beta=2.0)),
        "subset_accuracy": SampleScore(_all_right),
    }
)
"""Metrics that are means over images, by name."""


def tune_sample_thresholds(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], score: SampleScore, start: float
) -> tuple[float, ...]:
    """The threshold of every class: each in turn is the best of all, the others held, until none moves.

    What an image is worth with and without a label is known, so one walk down the sorted probabilities of a class
    tries every threshold.

    Args:
        probs: Shape (N, C).
        labels: 0, 1 or -1 (missing), shape (N, C).
        score: The metric.
        start: Threshold of all classes to begin with.
    """
    asked = (labels >= 0).any(axis=1)
    values, labels = np.asarray(probs, dtype=np.float64)[asked], np.asarray(labels)[asked]
    known, has = labels >= 0, labels == 1
    thresholds = np.full(values.shape[1], start)
    orders = [order[known[order, c]] for c, order in enumerate(np.argsort(-values, axis=0, kind="stable").T)]
    decided = (values >= thresholds) & known
    hits = (decided & has).sum(axis=1).astype(np.float64)
    answered, actual = decided.sum(axis=1).astype(np.float64), has.sum(axis=1).astype(np.float64)
    for _ in range(_SWEEPS):
        before = thresholds.copy()
        for c, order in enumerate(orders):
            hits -= decided[:, c] & has[:, c]
            answered -= decided[:, c]
            with_it = score.of_counts(hits + has[:, c], answered + 1, actual)
            gains = (with_it - score.of_counts(hits, answered, actual))[order]
            thresholds[c] = _best_cut(values[order, c], gains, thresholds[c])
            decided[:, c] = (values[:, c] >= thresholds[c]) & known[:, c]
            hits += decided[:, c] & has[:, c]
            answered += decided[:, c]
        if np.array_equal(before, thresholds):
            break
    return tuple(thresholds.tolist())


def _best_cut(values: FloatArray, gains: FloatArray, now: float) -> float:
    """The threshold between falling probabilities whose images above gain most; the present one if none is better."""
    if not len(values):
        return now
    total = np.concatenate([[0.0], np.cumsum(gains)])
    is_end = np.concatenate([[True], values[1:] < values[:-1], [True]])
    best = int(np.where(is_end, total, -np.inf).argmax())
    kept = int((values >= now).sum())
    if total[best] <= total[kept] + 1e-9:
        return now
    if best == 0:
        return 1.0 if values[0] < 1 else now
    lower = values[best] if best < len(values) else 0.0
    return float((values[best - 1] + lower) / 2)
