"""Colour augmentations: however many are listed, each image gets one linear map of its colours.

An image p becomes A p + K m, where m is the mean colour of the image. Brightness, contrast, saturation and grey are
all of that form, so they multiply into one pair (A, K), which is applied once, with one rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.data.operations import LUMA, Step
from podium.data.ranges import Range, around, check_probability, check_range, ends, pick

__all__ = ["ColorJitter", "ColourMaps", "Grayscale", "recolour"]

_Array = NDArray[np.float64]

_TO_GREY = np.tile(LUMA, (3, 1))
_UNCHANGED = np.eye(3)


@dataclass(frozen=True, eq=False)
class ColourMaps:
    """One linear colour map for each of B images.

    Attributes:
        pixel: A, the factor of each pixel's colour, shape (B, 3, 3).
        mean: K, the factor of the image's mean colour, shape (B, 3, 3).
    """

    pixel: _Array
    mean: _Array

    @classmethod
    def unchanged(cls, n: int) -> ColourMaps:
        """Maps that leave `n` images as they are."""
        return cls(np.tile(np.eye(3), (n, 1, 1)), np.zeros((n, 3, 3)))

    def scale(self, factor: _Array) -> ColourMaps:
        """The maps, then brighter by `factor`, shape (B,)."""
        return ColourMaps(self.pixel * factor[:, None, None], self.mean * factor[:, None, None])

    def stretch(self, factor: _Array) -> ColourMaps:
        """The maps, then contrast about the mean grey times `factor`, shape (B,)."""
        scaled = self.scale(factor)
        grey = _TO_GREY @ (self.pixel + self.mean)
        return ColourMaps(scaled.pixel, scaled.mean + (1 - factor)[:, None, None] * grey)

    def saturate(self, factor: _Array) -> ColourMaps:
        """The maps, then the distance of each pixel from its own grey times `factor`, shape (B,); 0 makes it grey."""
        f = factor[:, None, None]
        blend = f * np.eye(3) + (1 - f) * _TO_GREY
        return ColourMaps(blend @ self.pixel, blend @ self.mean)


@dataclass(frozen=True)
class ColorJitter:
    """Random brightness, contrast, saturation and hue, in this order.

    Args:
        brightness: Factor on every value: a number x draws it from max(0, 1 - x) to 1 + x, [low, high] from there.
        contrast: Factor on the distance from the mean grey, drawn in the same way.
        saturation: Factor on the distance from a pixel's own grey, drawn in the same way.
        hue: Turn of the hue as a share of the circle: a number x draws it from -x to x; at most 0.5.
        probability: Chance that an image is changed.

    Source:
        torchvision's transform, which draws alike but clips to 0..255 after each step, in random order. Here values are
        clipped once, before the hue.
    """

    brightness: Range = 0.2
    contrast: Range = 0.2
    saturation: Range = 0.2
    probability: float = 1.0
    hue: Range = 0.0
    kind: Literal["color_jitter"] = "color_jitter"

    stream: ClassVar[int] = 30
    n_uniforms: ClassVar[int] = 5

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        for name in ("brightness", "contrast", "saturation"):
            check_range(self.kind, name, ends(getattr(self, name)), lowest=0.0)
        if not isinstance(self.hue, tuple):
            check_range(self.kind, "hue", ends(self.hue), lowest=0.0)
        check_range(self.kind, "hue", around(self.hue, 0.0), lowest=-0.5, highest=0.5)

    def tint(self, maps: ColourMaps, u: _Array) -> ColourMaps:
        """The maps, changed as the uniform numbers `u`, shape (B, 5), say."""
        happens = u[:, 0] < self.probability

        def factor(column: int, strength: Range) -> _Array:
            return np.where(happens, pick(around(strength, 1.0, least=0.0), u[:, column]), 1.0)

        maps = maps.scale(factor(1, self.brightness)) if self.brightness else maps
        maps = maps.stretch(factor(2, self.contrast)) if self.contrast else maps
        return maps.saturate(factor(3, self.saturation)) if self.saturation else maps

    def retouch(self, u: _Array) -> list[Step]:
        """The turn of the hue that the uniform numbers say, if there is one."""
        if around(self.hue, 0.0) == (0.0, 0.0):
            return []
        return [Step.of("hue", u[:, 0] < self.probability, pick(around(self.hue, 0.0), u[:, 4]))]


@dataclass(frozen=True)
class Grayscale:
    """Removes the colour; three equal channels stay."""

    probability: float = 0.1
    kind: Literal["grayscale"] = "grayscale"

    stream: ClassVar[int] = 31
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def tint(self, maps: ColourMaps, u: _Array) -> ColourMaps:
        """The maps, made grey where the uniform numbers `u`, shape (B, 1), say so."""
        return maps.saturate(np.where(u[:, 0] < self.probability, 0.0, 1.0))


def recolour(image: NDArray[np.uint8], maps: ColourMaps, i: int) -> None:
    """Apply map `i` to `image` (h, w, 3), in place; right within one level, OpenCV's factors have ten binary places."""
    pixel, mean = maps.pixel[i], maps.mean[i]
    has_mean = mean.any()
    if not has_mean and np.array_equal(pixel, _UNCHANGED):
        return
    bias = mean @ cv2.mean(image)[:3] if has_mean else np.zeros(3)
    cv2.transform(image, np.column_stack([pixel, bias]), dst=image)
