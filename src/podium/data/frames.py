"""Geometry of a batch: for every image one affine map from the image wanted to the image stored.

Every geometric augmentation only changes these maps. The pixels are read once, at the end, however many augmentations
are in the list. Coordinates are continuous, (0, 0) is the top left corner of the top left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Frames", "whole_frames"]


@dataclass(frozen=True, eq=False)
class Frames:
    """What each of B images shows of its stored image.

    Attributes:
        matrix: Map (x, y) of the frame -> (x, y) of the stored image, shape (B, 2, 3).
        size: Width and height of the frame in pixels, shape (B, 2).
        shape: Width / height of the whole stored image, turned as the frame is, shape (B,).
    """

    matrix: NDArray[np.float64]
    size: NDArray[np.float64]
    shape: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.matrix)

    def flip(self, horizontal: ArrayLike, vertical: ArrayLike) -> Frames:
        """The frames mirrored left-right and up-down where the masks, shape (B,), say so."""
        mirrored = np.stack([np.broadcast_to(horizontal, len(self)), np.broadcast_to(vertical, len(self))], axis=1)
        step = np.zeros_like(self.matrix)
        step[:, [0, 1], [0, 1]] = np.where(mirrored, -1.0, 1.0)
        step[:, :, 2] = np.where(mirrored, self.size, 0.0)
        return self._after(step)

    def quarter_turn(self, turns: ArrayLike) -> Frames:
        """The frames turned counter-clockwise by `turns` x 90 degrees, shape (B,), as numpy.rot90 does."""
        k = np.broadcast_to(np.asarray(turns, dtype=np.int64) % 4, len(self))
        cos, sin = np.array([1.0, 0, -1, 0])[k], np.array([0.0, 1, 0, -1])[k]
        width, height = self.size.T
        step = np.zeros_like(self.matrix)
        step[:, 0, 0], step[:, 0, 1], step[:, 0, 2] = cos, -sin, np.where((k == 1) | (k == 2), width, 0.0)
        step[:, 1, 0], step[:, 1, 1], step[:, 1, 2] = sin, cos, np.where((k == 2) | (k == 3), height, 0.0)
        is_odd = k % 2 == 1
        turned = np.where(is_odd[:, None], self.size[:, ::-1], self.size)
        return replace(self._after(step), size=turned, shape=np.where(is_odd, 1 / self.shape, self.shape))

    def crop(self, corner: NDArray[np.float64], size: NDArray[np.float64]) -> Frames:
        """The part of each frame from `corner` (x, y) on, of `size` (width, height), both shape (B, 2)."""
        step = _identity(len(self))
        step[:, :, 2] = corner
        return replace(self._after(step), size=size)

    def shift(self, distance: NDArray[np.float64]) -> Frames:
        """The frames with their content moved by `distance` (x, y) pixels, shape (B, 2)."""
        step = _identity(len(self))
        step[:, :, 2] = -distance
        return self._after(step)

    def shear(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Frames:
        """The frames read `x` pixels further right for each row down, and `y` further down for each column, (B,)."""
        step = _identity(len(self))
        step[:, 0, 1], step[:, 1, 0] = x, y
        return self._after(step)

    def rotate(self, degrees: NDArray[np.float64]) -> Frames:
        """The frames with their content turned counter-clockwise about its centre, shape (B,)."""
        angle = np.deg2rad(degrees)
        cos, sin = np.cos(angle), np.sin(angle)
        step = np.zeros_like(self.matrix)
        # The map goes from the new frame to the old, and y points down.
        step[:, 0, 0], step[:, 0, 1], step[:, 1, 0], step[:, 1, 1] = cos, -sin, sin, cos
        centre = self.size / 2
        step[:, :, 2] = centre - np.einsum("bij,bj->bi", step[:, :, :2], centre)
        return self._after(step)

    def _after(self, step: NDArray[np.float64]) -> Frames:
        """The frames seen through `step`, a map new frame -> this frame, shape (B, 2, 3)."""
        linear = self.matrix[:, :, :2]
        matrix = np.matmul(linear, step)
        matrix[:, :, 2] += self.matrix[:, :, 2]
        return replace(self, matrix=matrix)


def whole_frames(n: int, height: int, width: int) -> Frames:
    """Frames that show all of `n` stored images of `height` x `width` pixels."""
    size = np.tile(np.array([width, height], dtype=np.float64), (n, 1))
    return Frames(_identity(n), size, np.full(n, width / height))


def _identity(n: int) -> NDArray[np.float64]:
    return np.tile(np.eye(2, 3), (n, 1, 1))
