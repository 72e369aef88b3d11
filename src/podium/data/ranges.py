"""Checks of the numbers an augmentation is made with."""

from __future__ import annotations

import math

from podium.errors import UsageError

__all__ = ["check_probability", "check_range"]


def check_probability(kind: str, value: float) -> None:
    """Raise UsageError unless `value` lies in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"{kind}: probability is {value}, expected a number from 0 to 1.")


def check_range(
    kind: str,
    name: str,
    value: tuple[float, float],
    *,
    lowest: float = -math.inf,
    above: float = -math.inf,
    highest: float = math.inf,
) -> None:
    """Raise UsageError unless both ends are finite, in order, at least `lowest`, above `above`, at most `highest`."""
    if len(value) != 2 or not all(math.isfinite(end) for end in value):
        raise UsageError(f"{kind}: {name} is {value}, expected two finite numbers.")
    low, high = value
    if low > high:
        raise UsageError(f"{kind}: {name} is ({low}, {high}); the first number must not be above the second.")
    if low < lowest or low <= above or high > highest:
        limits = [f"at least {lowest}"] if math.isfinite(lowest) else []
        limits += [f"above {above}"] if math.isfinite(above) else []
        limits += [f"at most {highest}"] if math.isfinite(highest) else []
        shown = low if low == high else value
        raise UsageError(f"{kind}: {name} is {shown}, expected {' and '.join(limits)}.")
