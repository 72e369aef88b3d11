"""Images in memory in the place of a cache: for predictions of a few images, and for scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from podium.errors import ImageError
from podium.images import Fit, resize_to
from podium.tables import as_text_array

__all__ = ["MemoryImages", "StoredImages", "store_in_memory"]


class StoredImages(Protocol):
    """Decoded images of one size: a cache on disk, or a few in memory."""

    @property
    def ids(self) -> NDArray[np.object_]:
        """Ids of the images, in the order of the rows, shape (N,)."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Upright RGB, shape (N, height, width, 3)."""

    @property
    def key(self) -> str | None:
        """Names the pixels, so that what is computed from them can be kept; None keeps nothing."""


@dataclass(frozen=True, eq=False)
class MemoryImages:
    """Images in memory. Nothing that is computed from them is kept on disk.

    Args:
        ids: Ids of the images, shape (N,).
        pixels: Upright RGB, uint8 (N, height, width, 3).
        key: Always None.
    """

    ids: NDArray[np.object_]
    pixels: NDArray[np.uint8]
    key: None = None

    def __len__(self) -> int:
        return len(self.ids)


def store_in_memory(
    images: Sequence[NDArray[np.uint8]],
    height: int,
    width: int,
    fit: Fit = "stretch",
    *,
    ids: Sequence[str] | None = None,
) -> MemoryImages:
    """Images of any size, brought to one size by the code that fills a cache.

    Args:
        images: N upright RGB images, each uint8 (H, W, 3).
        height: Height of the stored images.
        width: Width of the stored images.
        fit: How an image is brought to that shape.
        ids: Their ids; None counts from "0".

    Raises:
        ImageError: If an image is not uint8 (H, W, 3); names the first.
    """
    names = [str(row) for row in range(len(images))] if ids is None else list(ids)
    pixels = np.empty((len(images), height, width, 3), dtype=np.uint8)
    for row, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise ImageError(
                f"image {names[row]!r} is {image.dtype} of shape {image.shape}, expected uint8 RGB (H, W, 3).",
                fix="Bring the values to 0 to 255 and use .astype(np.uint8).",
            )
        pixels[row] = resize_to(image, height, width, fit)
    return MemoryImages(as_text_array(names), pixels)
