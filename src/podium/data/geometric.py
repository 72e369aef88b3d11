"""Geometric augmentations: what they draw, and how they change the frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.frames import Frames
from podium.data.ranges import (
    PixelSize,
    check_count,
    check_probability,
    check_range,
    check_size,
    ends,
    width_and_height,
)
from podium.errors import UsageError

__all__ = [
    "CentreCrop",
    "HorizontalFlip",
    "RandomCrop",
    "RandomResizedCrop",
    "RandomShift",
    "Rotate",
    "Rotate90",
    "Shear",
    "VerticalFlip",
]

_Array = NDArray[np.float64]
_CROP_TRIES = 10


@dataclass(frozen=True)
class HorizontalFlip:
    """Mirrors left and right. Wrong for letters, digits and anything where left and right differ."""

    probability: float = 0.5
    kind: Literal["horizontal_flip"] = "horizontal_flip"

    stream: ClassVar[int] = 10
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, flipped where the uniform numbers `u`, shape (B, 1), say so."""
        return frames.flip(u[:, 0] < self.probability, False)


@dataclass(frozen=True)
class VerticalFlip:
    """Mirrors up and down. Right for images from above: satellites, microscopes, plates."""

    probability: float = 0.5
    kind: Literal["vertical_flip"] = "vertical_flip"

    stream: ClassVar[int] = 11
    n_uniforms: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, flipped where the uniform numbers `u`, shape (B, 1), say so."""
        return frames.flip(False, u[:, 0] < self.probability)


@dataclass(frozen=True)
class Rotate90:
    """Turns by 90, 180 or 270 degrees, each equally likely; `probability` is the chance that it turns at all.

    After a quarter turn an image that is not square is stretched to the output's shape.
    """

    probability: float = 0.75
    kind: Literal["rotate90"] = "rotate90"

    stream: ClassVar[int] = 12
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, turned as the uniform numbers `u`, shape (B, 2), say."""
        turns = 1 + np.floor(3 * u[:, 1]).astype(np.int64)
        return frames.quarter_turn(np.where(u[:, 0] < self.probability, turns, 0))


@dataclass(frozen=True)
class RandomResizedCrop:
    """Crops a random part and stretches it to the output size.

    Args:
        scale: Smallest and largest share of the area that is kept, in (0, 1].
        ratio: Smallest and largest width / height of the part, as a multiple of the whole image's: 1 keeps its shape.

    Source:
        Szegedy et al. 2015, "Going Deeper with Convolutions"; the distribution is that of torchvision's transform:
        ten tries, then the largest central part whose ratio is allowed. There `ratio` counts in pixels, which is the
        same for a square. For other images it would make objects wider or narrower than evaluation shows them.
    """

    scale: tuple[float, float] = (0.35, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    kind: Literal["random_resized_crop"] = "random_resized_crop"

    stream: ClassVar[int] = 13
    n_uniforms: ClassVar[int] = 2 * _CROP_TRIES + 2

    def __post_init__(self) -> None:
        check_range(self.kind, "scale", self.scale, above=0.0, highest=1.0)
        check_range(self.kind, "ratio", self.ratio, above=0.0)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, cut as the uniform numbers `u`, shape (B, 22), say."""
        low, high = np.log(self.ratio)
        area = frames.size.prod(axis=1)[:, None] * (self.scale[0] + (self.scale[1] - self.scale[0]) * u[:, 2:12])
        ratio = np.exp(low + (high - low) * u[:, 12:22]) * frames.shape[:, None]
        tries = np.rint(np.stack([np.sqrt(area * ratio), np.sqrt(area / ratio)], axis=2))  # (B, 10, 2)
        fits = ((tries >= 1) & (tries <= frames.size[:, None, :])).all(axis=2)
        first = tries[np.arange(len(u)), fits.argmax(axis=1)]
        size = np.where(fits.any(axis=1)[:, None], first, self._largest(frames))
        room = frames.size - size
        random_corner = np.minimum(np.floor(u[:, :2] * (room + 1)), np.floor(room))
        corner = np.where(fits.any(axis=1)[:, None], random_corner, np.floor(room / 2))
        return frames.crop(corner, size)

    def _largest(self, frames: Frames) -> _Array:
        """The largest size inside each frame, shape (B, 2), whose ratio is allowed."""
        width, height = frames.size.T
        ratio = np.clip(width / height, self.ratio[0] * frames.shape, self.ratio[1] * frames.shape)
        largest = np.stack([np.minimum(width, height * ratio), np.minimum(height, width / ratio)], axis=1)
        return np.asarray(np.maximum(np.rint(largest), 1.0))


@dataclass(frozen=True)
class RandomCrop:
    """Crops a part of a fixed size at a random place; an image that is stored at another size is resized first.

    Args:
        size_px: Side of the part, or [height, width], in pixels of the stored image (`image.stored_px`).
        padding_px: Pixels by which the part may lie outside on each side; a mirror image fills them.

    Source:
        The crop of He et al. 2016, "Deep Residual Learning for Image Recognition", for CIFAR: 32 px, padded by 4.
    """

    size_px: PixelSize = 224
    padding_px: int = 0
    kind: Literal["random_crop"] = "random_crop"

    stream: ClassVar[int] = 17
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_size(self.kind, "size_px", self.size_px)
        check_count(self.kind, "padding_px", self.padding_px, 0, 4096)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, cut as the uniform numbers `u`, shape (B, 2), say; never larger than the padded frame."""
        size = np.minimum(width_and_height(self.size_px), frames.size + 2 * self.padding_px)
        room = frames.size + 2 * self.padding_px - size
        return frames.crop(np.minimum(np.floor(u * (room + 1)), np.floor(room)) - self.padding_px, size)


@dataclass(frozen=True)
class CentreCrop:
    """Keeps the central part of every image.

    Evaluation and prediction show whole images: to cut all images alike, use the recipe key `image.preprocessing`.

    Args:
        fraction: Share of each side that is kept.
        size_px: Instead of a share, the side or [height, width] in pixels of the stored image (`image.stored_px`).
    """

    fraction: float = 0.875
    size_px: PixelSize | None = None
    kind: Literal["centre_crop"] = "centre_crop"

    stream: ClassVar[int] = 14
    n_uniforms: ClassVar[int] = 0

    def __post_init__(self) -> None:
        check_range(self.kind, "fraction", ends(self.fraction), above=0.0, highest=1.0)
        if self.size_px is not None:
            check_size(self.kind, "size_px", self.size_px)
            if self.fraction != type(self).fraction:
                raise UsageError(f"{self.kind}: fraction has no effect beside size_px; leave one of them out.")

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, cut; `u` has shape (B, 0)."""
        if self.size_px is None:
            size = np.maximum(np.rint(frames.size * self.fraction), 1.0)
        else:
            size = np.minimum(width_and_height(self.size_px), frames.size)
        return frames.crop(np.floor((frames.size - size) / 2), size)


@dataclass(frozen=True)
class RandomShift:
    """Moves the image by up to `fraction` of each side; the empty border is filled with a mirror image."""

    fraction: float = 0.0625
    probability: float = 1.0
    kind: Literal["random_shift"] = "random_shift"

    stream: ClassVar[int] = 15
    n_uniforms: ClassVar[int] = 3

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "fraction", (self.fraction, self.fraction), lowest=0.0, highest=1.0)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, moved by whole pixels as the uniform numbers `u`, shape (B, 3), say."""
        distance = np.rint((2 * u[:, 1:] - 1) * self.fraction * frames.size)
        return frames.shift(np.where(u[:, :1] < self.probability, distance, 0.0))


@dataclass(frozen=True)
class Rotate:
    """Turns by an angle drawn from -degrees to degrees; empty corners are filled with a mirror image."""

    degrees: float = 10.0
    probability: float = 0.5
    kind: Literal["rotate"] = "rotate"

    stream: ClassVar[int] = 16
    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "degrees", (self.degrees, self.degrees), lowest=0.0, highest=180.0)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, turned as the uniform numbers `u`, shape (B, 2), say."""
        return frames.rotate(np.where(u[:, 0] < self.probability, (2 * u[:, 1] - 1) * self.degrees, 0.0))


@dataclass(frozen=True)
class Shear:
    """Slants the image by an angle drawn from -degrees to degrees, along x or y; empty corners are mirrored."""

    degrees: float = 10.0
    probability: float = 0.5
    kind: Literal["shear"] = "shear"

    stream: ClassVar[int] = 18
    n_uniforms: ClassVar[int] = 3

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "degrees", ends(self.degrees), lowest=0.0, highest=60.0)

    def move(self, frames: Frames, u: _Array) -> Frames:
        """The frames, slanted about their centre as the uniform numbers `u`, shape (B, 3), say."""
        angle = np.where(u[:, 0] < self.probability, (2 * u[:, 1] - 1) * self.degrees, 0.0)
        is_along_x = u[:, 2] < 0.5
        slope = np.tan(np.deg2rad(angle))
        x, y = np.where(is_along_x, slope, 0.0), np.where(is_along_x, 0.0, slope)
        away = np.stack([x * frames.size[:, 1], y * frames.size[:, 0]], axis=1) / 2
        return frames.shear(x, y).shift(away)
