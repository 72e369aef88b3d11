"""Bent images: points on a coarse grid move, and the pixels between them follow.

A batch of displacements is a few numbers an image. They are spread over its pixels by two small matrices, one along
each side, and added to the geometry's own map, so that the pixels are still read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.ranges import check_count, check_probability, check_range

__all__ = ["Bend", "Curve", "ElasticDistortion", "GridDistortion", "spreading"]

_Array = NDArray[np.float64]
_MOST_CELLS = 16
Curve = Literal["straight", "smooth"]


@dataclass(frozen=True, eq=False)
class Bend:
    """One displacement of B images.

    Attributes:
        points: How far each point of the grid is read from its place, as shares of width and height (x, y), shape
            (B, g, g, 2), the first axis from top to bottom.
        curve: Whether the pixels between follow straight or smooth lines.
    """

    points: _Array
    curve: Curve

    @property
    def is_bent(self) -> NDArray[np.bool_]:
        """Where anything moves, shape (B,)."""
        return np.asarray(self.points.any(axis=(1, 2, 3)))

    def part(self, where: slice) -> Bend:
        """The displacement of some of the images."""
        return Bend(self.points[where], self.curve)

    def displacement(self, i: int, height: int, width: int) -> NDArray[np.float32]:
        """How far image `i` is read from each pixel's place, in pixels, shape (2, height, width), x first."""
        n = self.points.shape[1]
        down, right = spreading(n, height, self.curve), spreading(n, width, self.curve)
        scaled = self.points[i].transpose(2, 0, 1).astype(np.float32) * np.array([[[width]], [[height]]], np.float32)
        return np.asarray(down @ scaled @ right.T, dtype=np.float32)


@lru_cache(maxsize=16)
def spreading(n_points: int, n_pixels: int, curve: Curve) -> NDArray[np.float32]:
    """Weight of each point of a side's grid at each pixel's centre, shape (n_pixels, n_points); rows sum to 1.

    Points lie at both ends and evenly between. Smooth curves are cubic (Catmull-Rom), and go on straight at the ends.

    Example:
        >>> spreading(2, 4, "straight")[:, 1].tolist()
        [0.125, 0.375, 0.625, 0.875]
    """
    place = (np.arange(n_pixels) + 0.5) / n_pixels * (n_points - 1)
    if curve == "straight":
        return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(n_points))), dtype=np.float32)
    away = np.abs(place[:, None] - np.arange(-1, n_points + 1))
    near = 1 - 2.5 * away**2 + 1.5 * away**3
    far = 2 - 4 * away + 2.5 * away**2 - 0.5 * away**3
    padded = np.where(away < 1, near, np.where(away < 2, far, 0.0))
    weights: _Array = padded[:, 1:-1].copy()
    # A point beyond an end lies on the line through the two last ones.
    for outer, last, second in ((0, 0, 1), (-1, -1, -2)):
        weights[:, last] += 2 * padded[:, outer]
        weights[:, second] -= padded[:, outer]
    return np.asarray(weights, dtype=np.float32)


@dataclass(frozen=True)
class GridDistortion:
    """Makes the columns and the rows of a grid wider and narrower; the frame of the image stays.

    Args:
        cells: Columns and rows of the grid.
        strength: A column is wider or narrower by up to this share, in [0, 1).
        probability: Chance that an image is distorted.

    Source:
        Buslaev et al. 2020, "Albumentations: Fast and Flexible Image Augmentations" (GridDistortion, normalized).
    """

    cells: int = 5
    strength: float = 0.3
    probability: float = 0.5
    kind: Literal["grid_distortion"] = "grid_distortion"

    stream: ClassVar[int] = 20

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "strength", (self.strength, self.strength), lowest=0, highest=0.95)
        check_count(self.kind, "cells", self.cells, 1, _MOST_CELLS)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that an image takes."""
        return 1 + 2 * self.cells

    def bend(self, u: _Array) -> Bend:
        """The displacement that the uniform numbers `u`, shape (B, 1 + 2 cells), say."""
        sides = 1 + self.strength * (2 * u[:, 1:] - 1).reshape(len(u), 2, self.cells)
        lines = np.cumsum(sides, axis=2) / sides.sum(axis=2, keepdims=True) - np.arange(1, self.cells + 1) / self.cells
        lines = np.pad(lines, ((0, 0), (0, 0), (1, 0)))
        lines[:, :, -1] = 0.0
        lines[u[:, 0] >= self.probability] = 0.0
        n = self.cells + 1
        points = np.stack(
            [np.repeat(lines[:, 0, None, :], n, axis=1), np.repeat(lines[:, 1, :, None], n, axis=2)], axis=3
        )
        return Bend(points, "straight")


@dataclass(frozen=True)
class ElasticDistortion:
    """Bends the image smoothly, as handwriting and tissue vary.

    Args:
        cells: Columns and rows of the grid whose points move.
        strength: A point moves by up to this share of each side.
        probability: Chance that an image is distorted.

    Source:
        Simard et al. 2003, "Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis";
        random points on a coarse grid with bicubic curves between are those of Ronneberger et al. 2015, "U-Net".
    """

    cells: int = 4
    strength: float = 0.04
    probability: float = 0.5
    kind: Literal["elastic_distortion"] = "elastic_distortion"

    stream: ClassVar[int] = 21

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "strength", (self.strength, self.strength), lowest=0, highest=0.5)
        check_count(self.kind, "cells", self.cells, 1, _MOST_CELLS)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that an image takes."""
        return 1 + 2 * (self.cells + 1) ** 2

    def bend(self, u: _Array) -> Bend:
        """The displacement that the uniform numbers `u`, shape (B, 1 + 2 (cells + 1) ** 2), say."""
        n = self.cells + 1
        points = self.strength * (2 * u[:, 1:] - 1).reshape(len(u), n, n, 2)
        return Bend(np.where((u[:, 0] < self.probability)[:, None, None, None], points, 0.0), "smooth")
