"""A horizontal or vertical scale with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["UNIT", "Axis", "fit_axis"]


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, with the values of its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies, in percent of the scale's length; values outside lie on its end."""
        if self.high == self.low:
            return 50.0
        return 100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def label(self, tick: float) -> str:
        """A tick as text, with as many digits as the step needs."""
        step = abs(self.ticks[1] - self.ticks[0]) if len(self.ticks) > 1 else 1.0
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        if round(step, digits) != round(step, digits + 1):
            digits += 1
        return f"{tick:.{digits}f}"


UNIT = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def fit_axis(values: Iterable[float], *, n_ticks: int = 5, within: tuple[float, float] | None = None) -> Axis:
    """The shortest scale with round ends that holds all values.

    Args:
        values: What it must hold; numbers that are not finite are passed over.
        n_ticks: About how many ticks.
        within: Bounds it does not leave unless a value does, such as (0, 1) for a share.

    Example:
        >>> fit_axis([0.62, 0.97]).ticks
        (0.6, 0.7, 0.8, 0.9, 1.0)
    """
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-9 * max(1.0, abs(high), abs(low)):
        room = 0.1 * abs(high) if abs(high) > 1e-6 else 0.1
        low, high = low - room, high + room
        if within is not None and within[0] <= min(finite) and max(finite) <= within[1]:
            low, high = max(low, within[0]), min(high, within[1])
    step = _round_step((high - low) / max(1, n_ticks - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(number * step, 12) for number in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def _round_step(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= step * 0.999)
