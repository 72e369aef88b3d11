"""Mean and deviation of the colours of stored images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.durable import PageBudget

__all__ = ["channel_statistics"]

_Channels = tuple[float, float, float]
_SQUARES = np.arange(256, dtype=np.uint32) ** 2


def channel_statistics(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> tuple[_Channels, _Channels]:
    """Mean and standard deviation of each channel over all pixels of these rows, on the scale from 0 to 1.

    Sums are in whole numbers, so they do not depend on the order of the rows. Deviations are at least 1/255, for images
    of one colour.

    Example:
        >>> channel_statistics(np.array([[[[0, 51, 255]], [[255, 51, 255]]]], np.uint8), np.array([0]))
        ((0.5, 0.2, 1.0), (0.5, 0.00392156862745098, 0.00392156862745098))
    """
    pages = PageBudget(pixels)
    total, squares = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    for row in np.sort(rows).tolist():
        image = np.asarray(pixels[row]).reshape(-1, 3)
        total += image.sum(axis=0, dtype=np.int64)
        squares += _SQUARES[image].sum(axis=0, dtype=np.int64)
        pages.count(image.nbytes)
    n = len(rows) * pixels.shape[1] * pixels.shape[2]
    mean = total / n
    std = np.maximum(np.sqrt(np.maximum(squares / n - mean**2, 0.0)), 1.0)
    return _scaled(mean), _scaled(std)


def _scaled(values: NDArray[np.float64]) -> _Channels:
    red, green, blue = (values / 255).tolist()
    return red, green, blue
