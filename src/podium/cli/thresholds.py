"""Thresholds as people type them."""

from __future__ import annotations

from collections.abc import Sequence

from podium.errors import UsageError

__all__ = ["read_thresholds"]


def read_thresholds(lines: Sequence[str]) -> float | dict[str, float] | None:
    """One number for all classes, lines "class=number", or None where there are none.

    Raises:
        UsageError: If a line is neither.

    Example:
        >>> read_thresholds(["cat=0.3", "tags=dog=0.6"])
        {'cat': 0.3, 'tags=dog': 0.6}
    """
    try:
        if len(lines) == 1 and "=" not in lines[0]:
            return float(lines[0])
        return {line.rpartition("=")[0]: float(line.rpartition("=")[2]) for line in lines} or None
    except ValueError:
        raise UsageError(f"cannot read --thresholds {' '.join(lines)!r}.", fix="Write 0.4, or class=0.4.") from None
