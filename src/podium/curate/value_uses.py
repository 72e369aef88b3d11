"""How much of their range images of more than 8 bits use, all images together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from podium.curate.audit import Audit

__all__ = ["ValueUse", "uses_of_values", "value_uses"]

_FEW_LEVELS = 64


@dataclass(frozen=True)
class ValueUse:
    """Images that are scaled by one range.

    Args:
        n_images: How many.
        range_low: Value that becomes black.
        range_high: Value that becomes white.
        value_low: Smallest value of all of them.
        value_high: Largest value of all of them.
    """

    n_images: int
    range_low: float
    range_high: float
    value_low: float
    value_high: float

    @property
    def n_levels(self) -> int:
        """Grey levels of 256 that are left of the values."""
        low, high = max(self.value_low, self.range_low), min(self.value_high, self.range_high)
        return max(1, round(255 * max(0.0, high - low) / ((self.range_high - self.range_low) or 1)) + 1)

    @property
    def is_small(self) -> bool:
        """Whether less than a quarter of the levels is used, though the values are not all the same."""
        return self.n_levels < _FEW_LEVELS and self.value_high > self.value_low

    @property
    def better_range(self) -> tuple[float, float]:
        """A range that fits: from 0 to the largest number of so many bits, or the values' own where they lie apart."""
        low, high = self.value_low, self.value_high
        if low < 0 or low > high / 4 or high <= 1:
            return _plain(low), _plain(high)
        return 0, 2 ** int(high).bit_length() - 1


def value_uses(audit: Audit) -> tuple[ValueUse, ...]:
    """The ranges by which images of more than 8 bits are scaled, those of most images first."""
    columns = [audit.value_low, audit.value_high, audit.range_low, audit.range_high]
    return uses_of_values(np.column_stack(columns)[audit.is_ok])


def uses_of_values(values: NDArray[np.float64]) -> tuple[ValueUse, ...]:
    """The same of plain numbers.

    Args:
        values: Smallest and largest value, and the values that became black and white; all 0 for images of 8 bits,
            shape (N, 4).
    """
    deep = values[values[:, 3] > values[:, 2]]
    ranges, which, counts = np.unique(deep[:, 2:], axis=0, return_inverse=True, return_counts=True)
    lows, highs = deep[:, 0], deep[:, 1]
    uses = [
        ValueUse(
            int(counts[place]),
            _plain(black),
            _plain(white),
            _plain(lows[which.ravel() == place].min()),
            _plain(highs[which.ravel() == place].max()),
        )
        for place, (black, white) in enumerate(ranges.tolist())
    ]
    return tuple(sorted(uses, key=lambda use: -use.n_images))


def _plain(value: float) -> float:
    """A whole number as an int, which is written without a point."""
    return int(value) if float(value).is_integer() else float(value)
