"""Correlation of two lists of scores of the same things, with an interval over the things."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.metrics.interval import Interval

__all__ = ["CorrelationKind", "correlate", "correlation_with_interval"]

_Floats = NDArray[np.float64]
CorrelationKind = Literal["pearson", "spearman"]
FEWEST_POINTS = 3
"""Two points lie on a line always."""


def correlate(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]], kind: CorrelationKind = "pearson") -> _Floats:
    """Correlation of the last axis, shape (...), in [-1, 1]; nan where one side is constant.

    Args:
        a: Values, shape (..., N).
        b: Values of the same N, shape (..., N).
        kind: "pearson" of the values, or "spearman" of their ranks, ties by their mean.

    Example:
        >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]), "spearman").round(3)
        np.float64(1.0)

    Source:
        Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    x, y = (_ranks(one) if kind == "spearman" else np.asarray(one, dtype=np.float64) for one in (a, b))
    x, y = x - x.mean(axis=-1, keepdims=True), y - y.mean(axis=-1, keepdims=True)
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    least = 1e-12 * max(1.0, float(np.abs(a).max()) * float(np.abs(b).max()))  # rounding makes a constant vary
    found = np.divide((x * y).sum(axis=-1), size, out=np.full(size.shape, np.nan), where=size > least)
    return np.clip(found, -1.0, 1.0) if found.ndim else np.float64(min(max(float(found), -1.0), 1.0))  # type: ignore[return-value]


def _ranks(values: NDArray[np.floating[Any]]) -> _Floats:
    below = (values[..., :, None] > values[..., None, :]).sum(axis=-1)
    tied = (values[..., :, None] == values[..., None, :]).sum(axis=-1)
    return np.asarray(below + (tied + 1) / 2, dtype=np.float64)


def correlation_with_interval(
    a: Sequence[float],
    b: Sequence[float],
    kind: CorrelationKind = "pearson",
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Correlation of pairs with a percentile interval over resamples of the pairs; nan with fewer than three.

    Resamples in which one side is constant say nothing and are left out. With a handful of pairs the interval is
    rough: it says whether the order could be an accident of one or two of them.

    Args:
        a: One value a pair.
        b: The other.
        kind: As for `correlate`.
        level: Confidence level.
        n_resamples: Resamples of pairs.
        seed: Seed of the resamples.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if len(x) < FEWEST_POINTS:
        return Interval(math.nan, math.nan, math.nan, len(x), 0, level)
    value = float(correlate(x, y, kind))
    rows = np.random.default_rng(seed).integers(0, len(x), (n_resamples, len(x)))
    drawn = np.concatenate([correlate(x[part], y[part], kind) for part in np.array_split(rows, 20)])
    drawn = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(drawn):
        return Interval(value, math.nan, math.nan, len(x), 0, level)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(float(low), value), max(float(high), value), len(x), len(drawn), level)
