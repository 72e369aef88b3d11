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

from podium.data.ranges import check_probability, check_range

__all__ = ["ColorJitter", "ColourMaps", "Grayscale", "recolour"]

_Array = NDArray[np.float64]

# Luma of ITU-R BT.601, as Pillow and torchvision use it.
_LUMA = np.array([0.299, 0.587, 0.114])
_TO_GREY = np.tile(_LUMA, (3, 1))
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
    """Random brightness, contrast and saturation, in this order.

    Each factor is drawn from max(0, 1 - x) to 1 + x. Values are clipped to 0..255 once at the end, where torchvision
    clips after each step.
    """

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    probability: float = 1.0
    kind: Literal["color_jitter"] = "color_jitter"

    stream: ClassVar[int] = 30
    n_uniforms: ClassVar[int] = 4

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        for name in ("brightness", "contrast", "saturation"):
            check_range(self.kind, name, (getattr(self, name),) * 2, lowest=0.0)

    def tint(self, maps: ColourMaps, u: _Array) -> ColourMaps:
        """The maps, changed as the uniform numbers `u`, shape (B, 4), say."""
        happens = u[:, 0] < self.probability

        def factor(column: int, strength: float) -> _Array:
            low = max(0.0, 1.0 - strength)
            return np.where(happens, low + (1.0 + strength - low) * u[:, column], 1.0)

        maps = maps.scale(factor(1, self.brightness)) if self.brightness else maps
        maps = maps.stretch(factor(2, self.contrast)) if self.contrast else maps
        return maps.saturate(factor(3, self.saturation)) if self.saturation else maps


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
