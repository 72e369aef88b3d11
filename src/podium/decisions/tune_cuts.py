"""Cut points on the expected class of an ordinal head that are best for a metric of distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Metric
from podium.tables import Head, as_certain_probs, expected_class

__all__ = ["tune_cuts"]

FloatArray = NDArray[np.float64]

N_BINS = 200
"""Places where a cut may lie: between as many quantiles of the expected class."""
_SWEEPS = 20


def tune_cuts(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], metric: Metric, head: Head
) -> tuple[float, ...]:
    """The cut points (C - 1,), ascending, that are best on these rows; each in turn, the others held.

    Args:
        probs: Shape (N, C).
        labels: Class numbers, -1 where missing, shape (N,).
        metric: A metric that is a formula of sums over images, such as quadratic kappa or the mean absolute error.
        head: The ordinal head.
    """
    known = labels >= 0
    expected, truth = expected_class(probs[known]), np.asarray(labels)[known]
    edges = np.unique(np.concatenate([_between(expected), np.arange(head.n_classes - 1) + 0.5]))
    bins = np.searchsorted(edges, expected, side="right")  # how many edges are at or below
    table = np.zeros((len(edges) + 1, head.n_classes))
    np.add.at(table, (bins, truth), 1)
    below = np.concatenate([np.zeros((1, head.n_classes)), np.cumsum(table, axis=0)])  # images below each edge
    places = np.searchsorted(edges, np.arange(head.n_classes - 1) + 0.5)
    totals = _totals_of_cells(metric, head)
    value = _values(below, places[None, :], totals, metric)[0]
    for _ in range(_SWEEPS):
        before = value
        for cut in range(len(places)):
            low = places[cut - 1] if cut else 0
            high = places[cut + 1] if cut + 1 < len(places) else len(edges) - 1
            tried = np.tile(places, (high - low + 1, 1))
            tried[:, cut] = np.arange(low, high + 1)
            values = _values(below, tried, totals, metric)
            best = int(values.argmax())
            if values[best] > value + 1e-12:
                places, value = tried[best], values[best]
        if value <= before + 1e-12:
            break
    return tuple(edges[places].tolist())


def _between(expected: FloatArray) -> FloatArray:
    found = np.unique(expected)
    if len(found) > N_BINS:
        found = np.unique(np.quantile(expected, np.linspace(0, 1, N_BINS)))
    return np.asarray((found[1:] + found[:-1]) / 2)


def _totals_of_cells(metric: Metric, head: Head) -> FloatArray:
    """What one image decided as i and labelled j adds to the metric's sums, shape (C, C, K)."""
    decided, truth = (item.ravel() for item in np.indices((head.n_classes, head.n_classes)))
    assert metric.totals is not None, "a metric of sums"
    return metric.totals(as_certain_probs(decided, head), truth, head).reshape(head.n_classes, head.n_classes, -1)


def _values(below: FloatArray, places: NDArray[Any], totals: FloatArray, metric: Metric) -> FloatArray:
    """The score of every row of cut places (T, C - 1), greater always better; -inf where it is not defined."""
    ends = np.concatenate([np.zeros((len(places), 1), dtype=np.int64), places + 1], axis=1)
    ends = np.concatenate([ends, np.full((len(places), 1), len(below) - 1)], axis=1)
    confusion = np.diff(below[ends], axis=1)  # (T, decided, true)
    assert metric.from_totals is not None, "a metric of sums"
    values = metric.from_totals(np.einsum("tij,ijk->tk", confusion, totals))
    signed = values if metric.greater_is_better else -values
    return np.where(np.isnan(signed), -np.inf, signed)
