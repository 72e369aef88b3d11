"""How well something tells classes, as the area under the ROC curve, with an interval over groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.metrics import METRICS, Interval, number_groups
from podium.metrics.bootstrap import Judged, resample
from podium.tables import Head

__all__ = ["LEVEL", "area_of_classes", "area_with_interval", "deal_groups"]

LEVEL = 0.99
"""Several cues are tried, so each has to be surer than usual."""
_N_FOLDS, _N_RESAMPLES = 5, 400


def deal_groups(keys: NDArray[np.object_], *, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """A fold from 0 to 4 and a group number for every row, shape (N,) each, and how many groups there are."""
    group, n_groups = number_groups(keys)
    dealt = np.random.default_rng(seed).permutation(n_groups) % _N_FOLDS
    return dealt[group], group, n_groups


def area_of_classes(scores: NDArray[np.float64], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Area of every class against the rest, shape (K,); nan where a class has one label only.

    Args:
        scores: The higher, the more likely, shape (N, K).
        labels: 1, 0 or -1 for unknown, shape (N, K).
    """
    one = Head("class", "multi", ("class",))
    area = METRICS["roc_auc_macro"].weighted
    assert area is not None, "it is a ranking metric"
    weights = np.ones((1, len(scores)))
    columns = range(scores.shape[1])
    return np.array([float(area(scores[:, [k]], labels[:, [k]], one, weights)[0]) for k in columns])


def area_with_interval(
    scores: NDArray[np.float64], labels: NDArray[np.integer], group: NDArray[np.int64], n_groups: int
) -> Interval:
    """Mean area over the classes, and where it would lie had other groups been photographed.

    Args:
        scores: Shape (N, K).
        labels: 1, 0 or -1, shape (N, K).
        group: Number of each row's group, shape (N,).
        n_groups: Number of groups.
    """
    head = Head("classes", "multi", tuple(map(str, range(scores.shape[1]))))
    judged = Judged(head, scores, labels, (METRICS["roc_auc_macro"],))
    (drawn,) = resample([judged], group, n_groups, n_resamples=_N_RESAMPLES, seed=0)
    values = drawn.values["roc_auc_macro"]
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    value = float(np.nanmean(area_of_classes(scores, labels)))
    return Interval(value, low, high, n_groups, len(values), LEVEL)
