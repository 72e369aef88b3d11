"""A value with the range it would lie in had other groups been drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "bias_corrected_bounds", "make_interval", "nan_if_none", "none_if_nan"]

MIN_GROUPS = 2
"""Fewest groups that say anything about other groups."""


@dataclass(frozen=True)
class Interval:
    """A score and its confidence interval.

    Args:
        value: The score of all samples; nan where it is not defined.
        low: Lower bound; nan where no interval was asked for or there are fewer than two groups.
        high: Upper bound, as `low`.
        n_groups: Groups the samples came from.
        n_resamples: Resamples drawn; fewer than asked for where a metric or data set is very large.
        level: Confidence level, such as 0.95.

    Example:
        >>> print(Interval(0.7423, 0.7011, 0.7794, 900, 2000, 0.95))
        0.7423 [0.7011, 0.7794]
    """

    value: float
    low: float
    high: float
    n_groups: int
    n_resamples: int
    level: float

    @property
    def has_bounds(self) -> bool:
        """Whether there is an interval around the value."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]" if self.has_bounds else f"{self.value:.4f}"

    def as_record(self) -> dict[str, Any]:
        """The interval as JSON-ready data; nan is None."""
        record = dict(self.__dict__)
        return record | {name: none_if_nan(record[name]) for name in ("value", "low", "high")}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Interval:
        """The interval that `as_record` wrote."""
        bounds = {name: nan_if_none(record[name]) for name in ("value", "low", "high")}
        return cls(**{**record, **bounds})


def make_interval(value: float, resampled: NDArray[np.float64], *, n_groups: int, level: float) -> Interval:
    """The interval of a value from its resampled values, shape (B,); without bounds where B is 0."""
    low, high = math.nan, math.nan
    if len(resampled) and n_groups >= MIN_GROUPS and not math.isnan(value):
        bounds = bias_corrected_bounds(np.array([value]), resampled[:, None], level=level)
        low, high = float(bounds[0][0]), float(bounds[1][0])
    return Interval(float(value), low, high, n_groups, len(resampled), level)


def bias_corrected_bounds(
    values: NDArray[np.float64], resampled: NDArray[np.float64], *, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bias-corrected percentile bounds of several values at once.

    The share of resamples below the value tells how far the resamples are shifted; the quantiles shift with it. Macro
    F1 needs it: a resample without a rare class scores too low. Resamples where the value is nan are left out.

    Args:
        values: Values of all samples, shape (M,).
        resampled: Their values in each resample, shape (B, M).
        level: Confidence level in (0, 1).

    Returns:
        Lower and upper bounds, shape (M,) each; nan where no resample has a value.

    Source:
        Efron and Tibshirani 1993, "An Introduction to the Bootstrap", 14.3 (BCa with acceleration 0).
    """
    ordered = np.sort(resampled, axis=0)  # nan sorts last
    n_valid = np.isfinite(ordered).sum(axis=0)
    below = (ordered < values).sum(axis=0) + 0.5 * (ordered == values).sum(axis=0)
    normal = NormalDist()
    bounds = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        column_bounds = np.full(len(values), np.nan)
        for column in np.flatnonzero(n_valid):
            n = int(n_valid[column])
            # Kept off 0 and 1, where the normal quantile is infinite.
            shift = normal.inv_cdf(min(max(below[column] / n, 0.5 / n), 1 - 0.5 / n))
            place = normal.cdf(2 * shift + normal.inv_cdf(tail)) * (n - 1)
            column_bounds[column] = np.interp(place, np.arange(n), ordered[:n, column])
        bounds.append(column_bounds)
    return bounds[0], bounds[1]


def none_if_nan(value: float) -> float | None:
    """The value for JSON, which has no nan."""
    return None if math.isnan(value) else value


def nan_if_none(value: float | None) -> float:
    """The value that `none_if_nan` wrote."""
    return math.nan if value is None else value
