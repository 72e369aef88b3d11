"""Room around a box, in pixels or as a fraction of its sides, inside the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from podium.errors import UsageError
from podium.images import Box
from podium.listing import shorten

__all__ = ["Padding", "pad_box", "read_padding"]

Padding = float | tuple[float, float, float, float]
"""Below 1 a fraction of the box's width or height, from 1 on pixels; for all sides, or (left, top, right, bottom)."""


_MOST = 10**5


def read_padding(value: object) -> Padding:
    """Padding as people write it.

    Raises:
        UsageError: If it is neither one number nor four, negative, or a broken number of pixels.

    Example:
        >>> read_padding(20), read_padding([0, 0.5, 0, 10]), read_padding((3, 3, 3, 3))
        (20.0, (0.0, 0.5, 0.0, 10.0), 3.0)
    """
    sides = list(value) if isinstance(value, list | tuple) else [value] * 4
    numbers = [float(side) for side in sides if _is_number(side) and 0 <= side <= _MOST]
    is_good = all(number < 1 or number == int(number) for number in numbers)
    if len(numbers) != 4 or len(sides) != 4 or not is_good:
        raise UsageError(
            f"padding {shorten(repr(value), most=80)} cannot be read.",
            field="pad",
            fix="Give a fraction of the box below 1 (0.1), whole pixels (20), or four: [left, top, right, bottom].",
        )
    left, top, right, bottom = numbers
    return left if len(set(numbers)) == 1 else (left, top, right, bottom)


def _is_number(side: object) -> TypeGuard[float]:
    return isinstance(side, int | float) and not isinstance(side, bool)


def pad_box(box: Sequence[float], pad: Padding, size: tuple[int, int] | None = None) -> Box:
    """A box in whole pixels with room around it, clamped to the picture.

    Args:
        box: x0, y0, x1, y1.
        pad: The room.
        size: (width, height) of the picture; None leaves out clamping to its right and lower side.

    Returns:
        x0, y0, x1, y1. A box outside of the picture has x1 <= x0 or y1 <= y0.

    Example:
        >>> pad_box((30, 40, 50, 80), 20, (60, 90)), pad_box((30, 40, 50, 80), 0.1)
        ((10, 20, 60, 90), (28, 36, 52, 84))
    """
    sides = pad if isinstance(pad, tuple) else (pad,) * 4
    width, height = box[2] - box[0], box[3] - box[1]
    left, top, right, bottom = (
        side * length if side < 1 else side for side, length in zip(sides, (width, height) * 2, strict=True)
    )
    x0, y0 = max(0, round(box[0] - left)), max(0, round(box[1] - top))
    x1, y1 = round(box[2] + right), round(box[3] + bottom)
    return (x0, y0, x1, y1) if size is None else (x0, y0, min(x1, size[0]), min(y1, size[1]))
