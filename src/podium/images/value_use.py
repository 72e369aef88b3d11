"""How much of their range the values of an image of more than 8 bits use."""

from __future__ import annotations

import numpy as np
from PIL import Image

from podium.images.colour import ValueRange, is_deep_grey, values_and_range
from podium.images.deep_colour import is_deep_colour

__all__ = ["measure_values", "pillow_values"]

_BYTE = 257
"""A level of 8 bits in 16 bits: 255 becomes 65535."""


def measure_values(image: Image.Image, data: bytes, value_range: ValueRange | None) -> dict[str, float]:
    """Smallest and largest value, and the values that become black and white; all 0 for images of 8 bits.

    Of 16-bit colour only the upper 8 bits are known here, which is enough to tell that most of them are never used.

    Args:
        image: The loaded image, as stored.
        data: The whole file.
        value_range: The range asked for; None where it is the declared one.
    """
    if is_deep_grey(image):
        low, high, black, white = pillow_values(image, value_range)
        return {"value_low": low, "value_high": high, "range_low": black, "range_high": white}
    if is_deep_colour(image, data):
        levels = np.asarray(image)[:, :, : 1 if image.mode == "LA" else 3]
        low, high, declared = float(levels.min()) * _BYTE, float(levels.max()) * _BYTE, (0.0, 65535.0)
    else:
        return dict.fromkeys(("value_low", "value_high", "range_low", "range_high"), 0.0)
    black, white = value_range or declared
    return {"value_low": low, "value_high": high, "range_low": float(black), "range_high": float(white)}


def pillow_values(image: Image.Image, value_range: ValueRange | None) -> tuple[float, float, float, float]:
    """The same four numbers of an image of Pillow's in memory, which holds grey of more than 8 bits, but no colour."""
    if not is_deep_grey(image):
        return 0.0, 0.0, 0.0, 0.0
    values, declared = values_and_range(image)
    black, white = value_range or declared
    return float(values.min()), float(values.max()), float(black), float(white)
