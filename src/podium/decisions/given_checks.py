"""Whether predictions from elsewhere can be believed: signs that their out-of-fold rows were trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Interval, Metric, PairedDifference, number_groups
from podium.tables import Head

__all__ = ["confidence_of", "is_too_good", "surer_on"]

_MOST_ROWS = 4000
_N_RESAMPLES = 400
TOO_GOOD = 0.5
"""Share of the best own run's error below which a clear gain looks like a leak."""


def confidence_of(probs: NDArray[np.floating[Any]], head: Head) -> NDArray[np.float64]:
    """How sure each row is, in [0, 1]: its top probability; for several labels the mean distance from 0.5, twice."""
    if head.is_multi:
        return np.asarray(2 * np.abs(np.asarray(probs, dtype=np.float64) - 0.5).mean(axis=1))
    return np.asarray(np.asarray(probs, dtype=np.float64).max(axis=1))


def surer_on(
    own: NDArray[np.floating[Any]],
    other: NDArray[np.floating[Any]],
    groups: NDArray[np.object_],
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Probability that a row of the first kind is surer than one of the other, 0.5 where both are alike.

    A model is surer of what it was trained on. So confidence on rows that are called out of fold should be like that
    on test images, unless these are of another kind, which then shows in every model.

    Args:
        own: Confidence on out-of-fold rows, shape (N,).
        other: On test rows, shape (T,).
        groups: Groups of the out-of-fold rows, shape (N,); test rows count as groups of their own.
        level: Of the interval, over resamples of groups.
        seed: Of the resamples.
    """
    generator = np.random.default_rng(seed)
    if len(own) > _MOST_ROWS:
        rows = np.sort(generator.choice(len(own), _MOST_ROWS, replace=False))
        own, groups = own[rows], groups[rows]
    other = other if len(other) <= _MOST_ROWS else generator.choice(other, _MOST_ROWS, replace=False)
    numbers, n_groups = number_groups(groups)
    order = np.sort(other)
    wins = (np.searchsorted(order, own, "left") + np.searchsorted(order, own, "right")) / (2 * len(other))
    sums = np.bincount(numbers, weights=wins, minlength=n_groups)
    sizes = np.bincount(numbers, minlength=n_groups).astype(np.float64)
    # The other side's luck is that of its own placements, added in squares (DeLong et al. 1988).
    ranks = np.sort(own)
    losses = 1 - (np.searchsorted(ranks, other, "left") + np.searchsorted(ranks, other, "right")) / (2 * len(own))
    drawn = generator.integers(0, n_groups, (_N_RESAMPLES, n_groups))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    means = means + generator.normal(0, float(losses.std()) / max(1.0, len(other)) ** 0.5, _N_RESAMPLES)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    value = float(wins.mean())
    return Interval(
        value, max(0.0, min(float(low), value)), min(1.0, max(float(high), value)), n_groups, _N_RESAMPLES, level
    )


def is_too_good(score: float, best_own: float, difference: PairedDifference, metric: Metric, *, perfect: float) -> bool:
    """Whether it is clearly better than the best own run and has less than half of its error.

    Args:
        score: Its score.
        best_own: The score of the best run of one's own.
        difference: Its score minus that one's.
        metric: The metric.
        perfect: The best score that there is.
    """
    left, before = abs(perfect - score), abs(perfect - best_own)
    return difference.verdict == "helps" and before > 0 and left < TOO_GOOD * before
