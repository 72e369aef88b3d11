"""Augmentations that change the fine structure of an image: blur, sharpness, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.operations import Step
from podium.data.ranges import Range, check_probability, check_range, ends, pick

__all__ = ["GaussianBlur", "GaussianNoise", "JpegCompression", "Sharpen"]

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianBlur:
    """Blurs, as a lens out of focus does.

    Args:
        sigma: Deviation of the Gaussian, in pixels of the image that the model sees; drawn from [low, high].
        probability: Chance that an image is blurred.
    """

    sigma: Range = (0.1, 2.0)
    probability: float = 0.5
    kind: Literal["gaussian_blur"] = "gaussian_blur"

    stream: ClassVar[int] = 70
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "sigma", ends(self.sigma), above=0, highest=20)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 2), say."""
        return Step.of("blur", u[:, 0] < self.probability, pick(ends(self.sigma), u[:, 1]))


@dataclass(frozen=True)
class GaussianNoise:
    """Adds noise of its own to every pixel and channel, as a sensor in the dark does.

    Args:
        std: Deviation of the noise, as a share of the range of values; drawn from [low, high].
        probability: Chance that an image gets noise.
    """

    std: Range = (0.01, 0.05)
    probability: float = 0.5
    kind: Literal["gaussian_noise"] = "gaussian_noise"

    stream: ClassVar[int] = 71
    n_uniforms: ClassVar[int] = 3

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "std", ends(self.std), lowest=0, highest=1)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 3), say; the last one is the key of the noise."""
        std = 255 * pick(ends(self.std), u[:, 1])
        return Step.of("noise", u[:, 0] < self.probability, std, u[:, 2] * 2.0**53)


@dataclass(frozen=True)
class JpegCompression:
    """Compresses as JPEG and reads it again, for images that come through messengers and web pages.

    Args:
        quality: From 1 to 100; drawn from [low, high].
        probability: Chance that an image is compressed.
    """

    quality: Range = (30.0, 90.0)
    probability: float = 0.5
    kind: Literal["jpeg_compression"] = "jpeg_compression"

    stream: ClassVar[int] = 72
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "quality", ends(self.quality), lowest=1, highest=100)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 2), say."""
        return Step.of("jpeg", u[:, 0] < self.probability, np.rint(pick(ends(self.quality), u[:, 1])))


@dataclass(frozen=True)
class Sharpen:
    """Sharpens or softens.

    Args:
        factor: 0 softens, 1 changes nothing, 2 sharpens; drawn from [low, high].
        probability: Chance that an image is changed.
    """

    factor: Range = (0.0, 2.0)
    probability: float = 0.5
    kind: Literal["sharpen"] = "sharpen"

    stream: ClassVar[int] = 73
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "factor", ends(self.factor), lowest=0, highest=10)

    def retouch(self, u: _Array) -> Step:
        """The step that the uniform numbers `u`, shape (B, 2), say."""
        return Step.of("sharpness", u[:, 0] < self.probability, pick(ends(self.factor), u[:, 1]))
