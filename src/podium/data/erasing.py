"""Erasing: boxes of the finished image are painted over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.ranges import Range, check_count, check_probability, check_range, ends, pick

__all__ = ["FILL", "Cutout", "RandomErasing", "erase"]

# ImageNet's mean colour: close to 0 after the usual normalisation, so the box says as little as possible.
FILL = (124, 116, 104)


@dataclass(frozen=True)
class RandomErasing:
    """Paints a random box in ImageNet's mean colour. A square box (ratio 1 to 1) is Cutout.

    Args:
        probability: Chance that an image is erased.
        area: Smallest and largest share of the image that is erased, in (0, 1].
        ratio: Smallest and largest width / height of the box.

    Source:
        Zhong et al. 2020, "Random Erasing Data Augmentation"; DeVries and Taylor 2017, "Improved Regularization of
        Convolutional Neural Networks with Cutout". A box too long for the image is cut to its side.
    """

    probability: float = 0.25
    area: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    kind: Literal["random_erasing"] = "random_erasing"

    stream: ClassVar[int] = 40
    n_uniforms: ClassVar[int] = 5

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "area", self.area, above=0.0, highest=1.0)
        check_range(self.kind, "ratio", self.ratio, above=0.0)

    def boxes(self, u: NDArray[np.float64], height: int, width: int) -> NDArray[np.int64]:
        """x0, y0, x1, y1 of each box, shape (B, 4), empty where nothing is erased; `u` has shape (B, 5)."""
        low, high = np.log(self.ratio)
        area = height * width * (self.area[0] + (self.area[1] - self.area[0]) * u[:, 1])
        ratio = np.exp(low + (high - low) * u[:, 2])
        box_width = np.clip(np.rint(np.sqrt(area * ratio)), 1, width)
        box_height = np.clip(np.rint(np.sqrt(area / ratio)), 1, height)
        x0 = np.floor(u[:, 3] * (width - box_width + 1))
        y0 = np.floor(u[:, 4] * (height - box_height + 1))
        boxes = np.stack([x0, y0, x0 + box_width, y0 + box_height], axis=1).astype(np.int64)
        return np.where((u[:, 0] < self.probability)[:, None], boxes, 0)


@dataclass(frozen=True)
class Cutout:
    """Paints several boxes of about one size in ImageNet's mean colour (coarse dropout).

    Args:
        n_holes: Number of boxes.
        size: Height and width of a box as shares of the image's; drawn from [low, high], the same for both.
        probability: Chance that an image is cut.

    Source:
        DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout". Boxes lie
        inside the image and may overlap.
    """

    n_holes: int = 8
    size: Range = (0.05, 0.15)
    probability: float = 0.5
    kind: Literal["cutout"] = "cutout"

    stream: ClassVar[int] = 41

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_count(self.kind, "n_holes", self.n_holes, 1, 64)
        check_range(self.kind, "size", ends(self.size), above=0.0, highest=1.0)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that an image takes."""
        return 1 + 3 * self.n_holes

    def boxes(self, u: NDArray[np.float64], height: int, width: int) -> NDArray[np.int64]:
        """x0, y0, x1, y1 of each hole, shape (B, n_holes, 4), empty where nothing is cut; `u` is (B, n_uniforms)."""
        of_holes = u[:, 1:].reshape(len(u), self.n_holes, 3)
        sides = np.array([width, height])
        size = np.clip(np.rint(pick(ends(self.size), of_holes[..., :1]) * sides), 1, sides)
        corner = np.floor(of_holes[..., 1:] * (sides - size + 1))
        boxes = np.concatenate([corner, corner + size], axis=2).astype(np.int64)
        return np.where((u[:, 0] < self.probability)[:, None, None], boxes, 0)


def erase(image: NDArray[np.uint8], box: list[int]) -> None:
    """Paint `box` (x0, y0, x1, y1) of `image` (h, w, 3), in place."""
    x0, y0, x1, y1 = box
    if x1 > x0 and y1 > y0:
        image[y0:y1, x0:x1] = FILL
