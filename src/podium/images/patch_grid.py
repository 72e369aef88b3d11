"""Sizes that patches of a vision transformer cover without a rest."""

from __future__ import annotations

from podium.images.size import Size, describe_size, height_and_width

__all__ = ["describe_misfit"]


def describe_misfit(size_px: Size, patch: tuple[int, int]) -> str | None:
    """What is wrong with a size, and the nearest right ones; None where patches cover it.

    Pixels beyond the last whole patch would be dropped, or padded.

    Args:
        size_px: One side, or (height, width).
        patch: Height and width of a patch.

    Example:
        >>> describe_misfit(200, (14, 14))
        'its patches of 14 px do not divide 200 px; the nearest sizes are 196 and 210'
        >>> describe_misfit((224, 200), (16, 16))
        'its patches of 16 px do not divide height 224 and width 200; the nearest sizes are [224,192] and [224,208]'
        >>> describe_misfit(224, (16, 16)) is None
        True
    """
    sides = height_and_width(size_px)
    if all(side % step == 0 for side, step in zip(sides, patch, strict=True)):
        return None
    below = [max(side // step, 1) * step for side, step in zip(sides, patch, strict=True)]
    above = [-(-side // step) * step for side, step in zip(sides, patch, strict=True)]
    nearest = " and ".join(dict.fromkeys(_write(pair) for pair in (below, above)))
    px = f"{patch[0]}" if patch[0] == patch[1] else f"{patch[0]} by {patch[1]}"
    size = f"{sides[0]} px" if sides[0] == sides[1] else describe_size(size_px)
    return f"its patches of {px} px do not divide {size}; the nearest sizes are {nearest}"


def _write(sides: list[int]) -> str:
    return str(sides[0]) if sides[0] == sides[1] else f"[{sides[0]},{sides[1]}]"
