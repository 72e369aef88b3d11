"""Colour of 16 bits a channel, which Pillow cuts down to the upper 8 before anybody can scale it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from podium.images.colour import ValueRange, composite, stretch
from podium.images.failure import Refusal
from podium.images.outcome import Outcome

__all__ = ["is_deep_colour", "refuse_deep_planes", "scale_deep_colour"]

_BITS_PER_SAMPLE, _N_CHANNELS, _PLANES = 258, 277, 284
_SEPARATE = 2
_COLOUR_MODES = ("LA", "RGB", "RGBA", "RGBX")


def is_deep_colour(image: Image.Image, data: bytes) -> bool:
    """Whether a PNG or TIFF holds 16 bits a channel, in colour or beside an alpha channel."""
    if image.mode not in _COLOUR_MODES:
        return False
    if image.format == "PNG":
        return data[24] == 16
    bits: Any = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE)
    return bits is not None and next(iter(bits)) == 16


def refuse_deep_planes(image: Image.Image) -> None:
    """Refuse a TIFF of 16 bits a channel whose channels lie apart: Pillow and OpenCV both mix up its bytes.

    Raises:
        Refusal: If it is one.
    """
    tags: Any = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE)
    if bits is None or tags.get(_PLANES) != _SEPARATE or tags.get(_N_CHANNELS, 1) < 2:
        return
    if next(iter(bits)) > 8:
        raise Refusal(Outcome.UNSUPPORTED_FORMAT, "TIFF with 16 bits a channel in separate planes")


def scale_deep_colour(
    data: bytes, size: tuple[int, int], background: tuple[int, int, int], value_range: ValueRange
) -> NDArray[np.uint8]:
    """The pixels as stored (not yet turned upright), scaled by a range of values and composited, (H, W, 3) uint8.

    Args:
        data: The whole file.
        size: Width and height as stored.
        background: RGB that transparent pixels are composited on.
        value_range: The values that become black and white.

    Raises:
        Refusal: If OpenCV does not read this variant with its 16 bits.
    """
    import cv2

    values: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3 or values.shape[1::-1] != size:
        raise Refusal(Outcome.UNSUPPORTED_FORMAT, "this kind of 16-bit colour cannot be scaled by a value range")
    rgb = np.stack([stretch(values[:, :, channel], *value_range) for channel in (2, 1, 0)], axis=2)
    if values.shape[2] == 3:
        return rgb
    return composite(np.dstack([rgb, stretch(values[:, :, 3], 0, 65535)]), background)
