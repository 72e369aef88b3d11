"""The size of images: one side of a square, or height and width."""

from __future__ import annotations

__all__ = ["Size", "describe_size", "height_and_width"]

Size = int | tuple[int, int]
"""Pixels: the side of a square, or (height, width)."""


def height_and_width(size: Size) -> tuple[int, int]:
    """Height and width of images of this size.

    Example:
        >>> height_and_width(224), height_and_width((280, 210))
        ((224, 224), (280, 210))
    """
    return (size, size) if isinstance(size, int) else size


def describe_size(size: Size) -> str:
    """The size in words, for messages.

    Example:
        >>> describe_size((280, 210))
        'height 280 and width 210'
    """
    height, width = height_and_width(size)
    return f"height {height} and width {width}"
