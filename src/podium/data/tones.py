"""Augmentations that map the levels of an image: posterize, solarize, invert, and three ways to spread the contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.operations import Step
from podium.data.ranges import Range, check_count, check_probability, check_range, ends, pick

__all__ = ["AutoContrast", "Clahe", "Equalize", "Invert", "Posterize", "Solarize"]

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Posterize:
    """Keeps only the highest bits of every level; 8 bits change nothing."""

    bits: int = 4
    probability: float = 0.5
    kind: Literal["posterize"] = "posterize"

    stream: ClassVar[int] = 60
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_count(self.kind, "bits", self.bits, 1, 8)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 1), say."""
        return Step.of("posterize", u[:, 0] < self.probability, np.full(len(u), float(self.bits)))


@dataclass(frozen=True)
class Solarize:
    """Inverts the levels from a threshold on; a threshold of 256 changes nothing."""

    threshold: Range = 128.0
    probability: float = 0.5
    kind: Literal["solarize"] = "solarize"

    stream: ClassVar[int] = 61
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "threshold", ends(self.threshold), lowest=0, highest=256)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 2), say."""
        return Step.of("solarize", u[:, 0] < self.probability, pick(ends(self.threshold), u[:, 1]))


@dataclass(frozen=True)
class Invert:
    """Makes a negative: for scans and film where dark on bright means the same as bright on dark."""

    probability: float = 0.5
    kind: Literal["invert"] = "invert"

    stream: ClassVar[int] = 62
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 1), say."""
        return Step.of("invert", u[:, 0] < self.probability)


@dataclass(frozen=True)
class AutoContrast:
    """Stretches each channel so that its lowest level becomes 0 and its highest 255."""

    probability: float = 0.5
    kind: Literal["auto_contrast"] = "auto_contrast"

    stream: ClassVar[int] = 63
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 1), say."""
        return Step.of("auto_contrast", u[:, 0] < self.probability)


@dataclass(frozen=True)
class Equalize:
    """Makes the levels of each channel about as frequent as one another."""

    probability: float = 0.5
    kind: Literal["equalize"] = "equalize"

    stream: ClassVar[int] = 64
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 1), say."""
        return Step.of("equalize", u[:, 0] < self.probability)


@dataclass(frozen=True)
class Clahe:
    """Equalizes the brightness tile by tile with limited contrast: for uneven light, X-rays, microscopes.

    To do the same to every image, test images too, use the recipe key `image.preprocessing`.

    Args:
        clip_limit: Highest count of a histogram's bin, as a multiple of the mean; drawn from [low, high].
        tiles: Tiles along each side.

    Source:
        Zuiderveld 1994, "Contrast Limited Adaptive Histogram Equalization".
    """

    clip_limit: Range = (1.0, 4.0)
    tiles: int = 8
    probability: float = 0.5
    kind: Literal["clahe"] = "clahe"

    stream: ClassVar[int] = 65
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "clip_limit", ends(self.clip_limit), above=0, highest=256)
        check_count(self.kind, "tiles", self.tiles, 1, 64)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 2), say."""
        limit = pick(ends(self.clip_limit), u[:, 1])
        return Step.of("clahe", u[:, 0] < self.probability, limit, np.full(len(u), float(self.tiles)))
