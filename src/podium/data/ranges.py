"""Checks of the numbers an augmentation is made with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError

__all__ = [
    "PixelSize",
    "Range",
    "around",
    "check_count",
    "check_probability",
    "check_range",
    "check_size",
    "ends",
    "pick",
    "width_and_height",
]

Range = float | tuple[float, float]
"""One number, or [low, high]."""
PixelSize = int | tuple[int, int]
"""A side, or [height, width]."""


def ends(value: Range) -> tuple[float, float]:
    """Both ends; one number is both.

    Example:
        >>> ends(2.0), ends((1.0, 3.0))
        ((2.0, 2.0), (1.0, 3.0))
    """
    return value if isinstance(value, tuple) else (value, value)


def around(value: Range, centre: float, *, least: float = -math.inf) -> tuple[float, float]:
    """Both ends; one number is the distance of both from a centre, as in torchvision's ColorJitter.

    Example:
        >>> around(0.25, 1.0), around(2.0, 1.0, least=0.0), around((0.2, 3.0), 1.0)
        ((0.75, 1.25), (0.0, 3.0), (0.2, 3.0))
    """
    return value if isinstance(value, tuple) else (max(least, centre - value), centre + value)


def pick(value: tuple[float, float], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place in a range that uniform numbers say."""
    low, high = value
    return low + (high - low) * u


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


def check_count(kind: str, name: str, value: int, least: int, most: int) -> None:
    """Raise UsageError unless `value` is at least `least` and at most `most`; it may have any number of digits."""
    if not least <= value <= most:
        raise UsageError(f"{kind}: {name} is {_show(value)}, expected {least} to {most}.")


def _show(value: float) -> str:
    """The number, shortened where it is long."""
    return str(value) if abs(value) < 10**20 else "a very large number"


def check_size(kind: str, name: str, value: PixelSize) -> None:
    """Raise UsageError unless both sides are 1 to 4,096 pixels."""
    if not all(1 <= side <= 4096 for side in width_and_height(value)):
        shown = " x ".join(map(_show, width_and_height(value)[::-1]))
        raise UsageError(f"{kind}: {name} is {shown}, expected a side or [height, width] of 1 to 4096 pixels.")


def width_and_height(size: PixelSize) -> tuple[int, int]:
    """Width and height, as frames count them.

    Example:
        >>> width_and_height(32), width_and_height((350, 300))
        ((32, 32), (300, 350))
    """
    return (size, size) if isinstance(size, int) else (size[1], size[0])
