"""Differences between runs in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.listing import count_of

if TYPE_CHECKING:
    from podium.metrics import ArmDifference, Interval, TargetComparison

__all__ = ["images_in_groups", "signed", "what_settles"]


def signed(difference: Interval) -> str:
    """A difference with its interval and signs, such as "+0.0120 [+0.0031, +0.0209]"."""
    bounds = f" [{difference.low:+.4f}, {difference.high:+.4f}]" if difference.has_bounds else ""
    return f"{difference.value:+.4f}{bounds}"


def images_in_groups(n: int, n_groups: int) -> str:
    """How many images, and in how many groups where that is not the same.

    Example:
        >>> images_in_groups(9, 3), images_in_groups(9, 9)
        ('9 images in 3 groups', '9 images')
    """
    groups = f" in {count_of(n_groups, 'group')}" if n_groups < n else ""
    return f"{count_of(n, 'image')}{groups}"


def what_settles(arm: ArmDifference, target: TargetComparison) -> str:
    """The groups or seeds that would give a verdict; "" where there is one."""
    if arm.verdict != "cannot tell" or not arm.difference.has_bounds:
        return ""
    parts = []
    if arm.n_groups_needed is not None:
        ratio = arm.n_groups_needed / target.n_groups
        parts.append(f"{count_of(arm.n_groups_needed, 'group')} ({ratio:.1f} times as many)")
    if arm.n_seeds_needed is not None:
        parts.append(count_of(arm.n_seeds_needed, "seed"))
    return " or ".join(parts) or "more groups and more seeds together"
