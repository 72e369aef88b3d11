"""Differences between runs in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.metrics import Interval

__all__ = ["signed"]


def signed(difference: Interval) -> str:
    """A difference with its interval and signs, such as "+0.0120 [+0.0031, +0.0209]"."""
    bounds = f" [{difference.low:+.4f}, {difference.high:+.4f}]" if difference.has_bounds else ""
    return f"{difference.value:+.4f}{bounds}"
