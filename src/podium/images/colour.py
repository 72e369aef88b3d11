"""The mode policy: how every kind of stored pixel becomes 8-bit RGB.

- 8-bit grey, RGB, palette and 1-bit: as they are.
- Alpha (LA, PA, RGBA, premultiplied, palette or PNG with a transparent colour): composited on the background.
- 16 bits a colour channel: Pillow keeps the upper byte, which is at most 1 of 255 off.
- Integer grey of more than 8 bits: scaled by its declared range. 16-bit: 65535; 12-bit TIFF: 4095. Signed 16-bit:
  32767, or the whole range -32768 to 32767 where a value is negative. 32-bit files nearly always hold 16-bit
  values, so they scale by 65535, and by the whole 32-bit range only where a value exceeds it.
- Float grey: 0 to 1 where all values are about there, else 0 to 255, else 0 to 65535, else the file's own minimum
  to maximum. NaN is black.
- With a value range (`image.value_range` of a recipe), images of more than 8 bits are scaled by it instead, grey and
  colour, and clipped outside. It is the same for all images: no image is scaled by its own values because of it.
- TIFF in which 0 means white is inverted.
- CMYK and YCCK: multiplied to RGB. JPEG holds them inverted, as Adobe's programs write them.
- ICC profiles are ignored: the numbers are taken as sRGB, as training on them does everywhere.
- CIE Lab is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = [
    "UnsupportedModeError",
    "ValueRange",
    "composite",
    "has_alpha",
    "is_deep_grey",
    "stretch",
    "to_rgb",
    "values_and_range",
]

ValueRange = tuple[float, float]
"""The value that becomes black, and the one that becomes white."""

_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
_PLAIN_MODES = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr")
_BAND_PIXELS = 1 << 18
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339


class UnsupportedModeError(ValueError):
    """A colour space without a policy."""


def has_alpha(image: Image.Image) -> bool:
    """Whether the image declares transparency: an alpha channel or a transparent colour."""
    return image.mode in _ALPHA_MODES or image.info.get("transparency") is not None


def scale_transparent_colour(image: Image.Image, data: bytes) -> None:
    """Bring a PNG's transparent colour, which Pillow gives in the file's own bits, to the 8 bits of the pixels."""
    if image.format != "PNG":
        return
    key, bits = image.info.get("transparency"), data[24]
    if isinstance(key, int) and bits < 8 and image.mode in ("1", "L"):
        image.info["transparency"] = key * (255 // (2**bits - 1))
    elif isinstance(key, tuple) and bits == 16:
        image.info["transparency"] = tuple(level >> 8 for level in key)


def is_deep_grey(image: Image.Image) -> bool:
    """Whether the pixels are grey values of more than 8 bits."""
    return image.mode in ("F", "I") or image.mode.startswith("I;")


def to_rgb(
    image: Image.Image, background: tuple[int, int, int], value_range: ValueRange | None = None
) -> NDArray[np.uint8]:
    """The pixels of a loaded image as RGB, by the policy above.

    Args:
        image: A loaded Pillow image, as stored (not yet turned upright).
        background: RGB that transparent pixels are composited on.
        value_range: Scales grey of more than 8 bits; None takes the declared range.

    Returns:
        Shape (H, W, 3), uint8.

    Raises:
        UnsupportedModeError: If the mode has no policy.
    """
    if is_deep_grey(image):
        return _deep_grey_to_rgb(image, background, value_range)
    if has_alpha(image):
        if image.mode == "La":
            image = image.convert("LA")
        return composite(np.asarray(image.convert("RGBA")), background)
    if image.mode not in _PLAIN_MODES:
        raise UnsupportedModeError(f"colour mode {image.mode} is not supported")
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def composite(rgba: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Straight alpha over an opaque colour, rounded to nearest; (H, W, 4) -> (H, W, 3)."""
    height, width = rgba.shape[:2]
    if rgba[:, :, 3].min() == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    behind = np.array(background, dtype=np.uint16)
    n_rows = max(1, _BAND_PIXELS // width)  # in bands: 16 bits of a huge image at once would double its memory
    for top in range(0, height, n_rows):
        band = rgba[top : top + n_rows]
        alpha = band[:, :, 3:].astype(np.uint16)
        # At most 255 * 255 + 127 = 65152, which 16 bits hold.
        rgb[top : top + n_rows] = (band[:, :, :3] * alpha + behind * (255 - alpha) + np.uint16(127)) // 255
    return rgb


def _deep_grey_to_rgb(
    image: Image.Image, background: tuple[int, int, int], value_range: ValueRange | None
) -> NDArray[np.uint8]:
    values, declared = values_and_range(image)
    grey = stretch(values, *(value_range or declared))
    if _tags(image).get(_PHOTOMETRIC) == 0:
        grey = 255 - grey
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        rgb[values == transparent] = background
    return rgb


def _tags(image: Image.Image) -> Any:
    return getattr(image, "tag_v2", {})


def values_and_range(image: Image.Image) -> tuple[NDArray[Any], ValueRange]:
    """The values (H, W) of deep grey, and the range that scales them where no other is asked for."""
    values, tags = np.asarray(image), _tags(image)
    if values.dtype.kind == "f":
        values = np.where(np.isfinite(values), values, 0.0)
        return values, _float_range(values)
    bits, is_signed = _first(tags.get(_BITS_PER_SAMPLE), 16), _first(tags.get(_SAMPLE_FORMAT), 1) == 2
    if bits > 16 and not is_signed:
        values = values.view(np.uint32)  # Pillow hands the same 32 bits over as signed
    return values, _integer_range(values, bits, is_signed)


def _integer_range(values: NDArray[Any], bits: int, is_signed: bool) -> ValueRange:
    low, high = int(values.min()), int(values.max())
    if bits > 16 and not 0 <= low <= high <= 65535:
        return (-(2**31) if low < 0 else 0), (2**31 - 1 if is_signed else 2**32 - 1)
    if is_signed and bits == 16:
        return (-32768 if low < 0 else 0), 32767
    return 0, 4095 if bits == 12 else 65535


def _float_range(values: NDArray[Any]) -> ValueRange:
    low, high = float(values.min()), float(values.max())
    for ceiling in (1.0, 255.0, 65535.0):
        # A quarter more: filters overshoot, and that must not turn a 0..1 image black.
        if low >= -0.25 * high and high <= 1.25 * ceiling:
            return 0.0, ceiling
    return low, high


def stretch(values: NDArray[Any], floor: float, ceiling: float) -> NDArray[np.uint8]:
    """Linear from floor..ceiling to 0..255, rounded to nearest, clipped outside."""
    if ceiling == floor:
        return np.zeros(values.shape, dtype=np.uint8)
    # 32-bit floats hold every 16-bit integer exactly, at half the memory.
    scaled: NDArray[np.floating[Any]] = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    scaled -= floor
    scaled *= 255.0 / (ceiling - floor)
    levels: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return levels


def _first(value: Any, default: int) -> int:
    """A TIFF tag that may be missing, one number or one a channel."""
    if value is None:
        return default
    return int(value[0]) if isinstance(value, tuple) else int(value)
