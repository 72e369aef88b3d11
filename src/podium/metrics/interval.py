"""A value with the range it would lie in had other groups been drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Interval",
    "bound_without_width",
    "make_interval",
    "nan_if_none",
    "none_if_nan",
    "perfect_low",
    "resampled_bounds",
]

MIN_GROUPS = 2
"""Fewest groups that say anything about other groups."""
MOST_BIAS = 0.5
"""Standard normal deviations by which resamples may lie off the value before the quantiles are moved bodily."""
FEW_GROUPS = 40.0
"""Groups up to which the bounds are the wider of two kinds (benchmarks/interval_coverage.py with few groups)."""
UNLIMITED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Interval:
    """A score and its confidence interval, which is never of zero width.

    Args:
        value: The score of all samples; nan where it is not defined.
        low: Lower bound; nan where no interval was asked for, there are fewer than two groups, or resampling says
            nothing because it always gives the same value (`bound_without_width`).
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

    def to_dict(self) -> dict[str, Any]:
        """The interval as JSON-ready data; nan is None."""
        record = dict(self.__dict__)
        return record | {name: none_if_nan(record[name]) for name in ("value", "low", "high")}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Interval:
        """The interval that `to_dict` wrote."""
        bounds = {name: nan_if_none(record[name]) for name in ("value", "low", "high")}
        return cls(**{**record, **bounds})


def make_interval(
    value: float,
    resampled: NDArray[np.float64],
    *,
    n_groups: int,
    level: float,
    shifts: bool = True,
    limits: tuple[float, float] = UNLIMITED,
    n_effective: float | None = None,
) -> Interval:
    """The interval of one value from its resampled values, shape (B,); without bounds where B is 0."""
    low, high = resampled_bounds(
        np.array([value]),
        resampled[:, None],
        n_groups=n_groups,
        level=level,
        shifts=shifts,
        limits=limits,
        n_effective=n_effective,
    )
    return Interval(float(value), float(low[0]), float(high[0]), n_groups, len(resampled), level)


def bound_without_width(found: Interval, *, perfect: float, worst: float, share: float | None = None) -> Interval:
    """The interval, with another bound where resampling gave it no width.

    Resampling cannot draw a mistake that was never made. A perfect score says that all n groups are right, so the share
    of groups that are may still be as low as `perfect_low`; the rest may score as badly as can be. The worst score says
    the same of groups that are wrong. Any other score that all resamples share says nothing: there are no bounds.

    Args:
        found: The interval from resampling.
        perfect: What nothing can beat on these labels; nan where the metric is not defined for them.
        worst: What answers score that are as wrong as can be; nan where it is not known.
        share: Lower bound of the share of groups without a mistake; None takes `perfect_low`.

    Example:
        >>> always_right = Interval(1.0, 1.0, 1.0, 30, 2000, 0.95)
        >>> print(bound_without_width(always_right, perfect=1.0, worst=0.0))
        1.0000 [0.8843, 1.0000]
    """
    if not found.has_bounds or not _is_same(found.low, found.high):
        return found
    other = math.nan
    if not _is_same(perfect, worst):
        other = worst if _is_same(found.value, perfect) else perfect if _is_same(found.value, worst) else math.nan
    least = perfect_low(found.n_groups, level=found.level) if share is None else share
    edge = found.value + (1 - least) * (other - found.value)
    if math.isnan(edge):
        return replace(found, low=edge, high=edge)
    return replace(found, low=min(found.value, edge), high=max(found.value, edge))


def _is_same(a: float, b: float) -> bool:
    """Whether two values differ by no more than sums in another order do."""
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def perfect_low(n_groups: int, *, level: float) -> float:
    """Lower bound of the share of groups without a mistake where all of `n_groups` had none: about 1 - 3.7 / n_groups.

    Exact for shares of groups; for other metrics, see `bound_without_width`.

    Example:
        >>> round(perfect_low(30, level=0.95), 4)
        0.8843

    Source:
        Clopper and Pearson 1934, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial".
    """
    return float(((1 - level) / 2) ** (1 / n_groups)) if n_groups else 0.0


def resampled_bounds(
    values: NDArray[np.float64],
    resampled: NDArray[np.float64],
    *,
    n_groups: int,
    level: float,
    shifts: bool = True,
    limits: tuple[float, float] = UNLIMITED,
    n_effective: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of several values at once: quantiles of their resamples, corrected twice.

    Shifted: the share of resamples below the value tells how far they lie off it, and the quantiles move with it.
    Macro F1 needs that, as a resample without a rare class scores too low. With many rare classes nearly every
    resample does, and the quantiles would all move to its largest value; so they move by half a standard deviation
    at most, and what is left of the distance is added. Widened: resamples of few groups vary too little by a factor
    of sqrt((G - 1) / G), and few groups call for Student's t.

    Groups of different sizes say as much as fewer equal ones, and with 40 of these or fewer even such quantiles lie too
    close: each bound is then the wider of this one and the value plus or minus Student's t standard deviations.

    All were chosen by how often the interval holds the truth, see `benchmarks/interval_coverage.py`. Quantiles of
    differences between runs held it more often unshifted. No choice helps where a class occurs in a handful of
    groups: with 2.5 on average the 95 % interval of the macro F1 held the truth in 81 % of trials, with 10 in 93 %.

    Args:
        values: Values of all samples, shape (M,).
        resampled: Their values in each resample, shape (B, M). A nan is a resample without that value.
        n_groups: Groups G that were resampled.
        level: Confidence level in (0, 1).
        shifts: Whether to shift the quantiles.
        limits: Least and largest value there can be.
        n_effective: From `effective_groups`; None takes `n_groups` for it and leaves out the wider of two.

    Returns:
        Lower and upper bounds, shape (M,) each; nan with fewer than two groups or without a resampled value.

    Source:
        Efron and Tibshirani 1993, "An Introduction to the Bootstrap", 14.3 (BCa with acceleration 0).
        Hesterberg 2015, "What Teachers Should Know About the Bootstrap", 4.3 (expanded percentiles).
        Kish 1965, "Survey Sampling" (effective number), for clusters of different sizes as in Carter et al. 2017,
        "Asymptotic Behavior of a t-Test Robust to Cluster Heterogeneity".
    """
    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    if n_groups < MIN_GROUPS:
        return low, high
    from scipy.special import stdtrit  # takes 0.3 s to import, which `runs` and `report` need not wait for

    is_few = n_effective is not None and n_effective <= FEW_GROUPS
    n_equal = max(float(MIN_GROUPS), n_effective) if n_effective is not None and is_few else float(n_groups)
    reach = math.sqrt(n_equal / (n_equal - 1)) * float(stdtrit(n_equal - 1, (1 + level) / 2))
    ordered = np.sort(resampled, axis=0)  # nan sorts last
    n_valid = np.isfinite(ordered).sum(axis=0)
    below = (ordered < values).sum(axis=0) + 0.5 * (ordered == values).sum(axis=0)
    normal = NormalDist()
    for column in np.flatnonzero((n_valid > 0) & np.isfinite(values)):
        n = int(n_valid[column])
        # Kept off 0 and 1, where the normal quantile is infinite.
        share = min(max(below[column] / n, 0.5 / n), 1 - 0.5 / n) if shifts else 0.5
        bias = normal.inv_cdf(share)
        kept = min(max(bias, -MOST_BIAS), MOST_BIAS)
        places = (n - 1) * np.array([normal.cdf(z) for z in (2 * kept - reach, kept, 2 * kept + reach)])
        lower, centre, upper = np.interp(places, np.arange(n), ordered[:n, column])
        rest = 0.0 if kept == bias else values[column] - centre
        bounds = np.array([lower + rest, upper + rest])
        if is_few:
            half = reach * float(ordered[:n, column].std())
            bounds = np.array([min(bounds[0], values[column] - half), max(bounds[1], values[column] + half)])
        low[column], high[column] = np.clip(bounds, *limits)
    return low, high


def none_if_nan(value: float) -> float | None:
    """The value for JSON, which has no nan."""
    return None if math.isnan(value) else value


def nan_if_none(value: float | None) -> float:
    """The value that `none_if_nan` wrote."""
    return math.nan if value is None else float(value)
