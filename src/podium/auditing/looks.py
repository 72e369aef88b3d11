"""How an image looks, in two numbers: its contrast, and how sharp it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium.durable import ONE_PASS_BYTES, PageBudget

__all__ = ["Looks", "measure_looks"]

SIDE_PX = 160
"""Larger images are shrunk to this side first, so that sharpness means the same at any size they are kept in."""
_FLAT = 1e-6


class Looks(NamedTuple):
    """Two columns of N images; nan where an image cannot be used.

    Args:
        contrast: Standard deviation of luma, from 0 (one colour) to 0.5, shape (N,).
        sharpness: Variance of the Laplacian of luma as a multiple of the variance of luma, so that a dim image is not
            taken for a blurred one, shape (N,).
    """

    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]


def measure_looks(
    pixels: NDArray[np.uint8], is_ok: NDArray[np.bool_], on_progress: Callable[[int], None] | None = None
) -> Looks:
    """Contrast and sharpness of images.

    Args:
        pixels: Images, uint8 (N, H, W, 3); a memory map is read one by one.
        is_ok: Which can be used, shape (N,).
        on_progress: Called with the number of images done.

    Source:
        Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a comparative study" (variance of the
        Laplacian); divided by the variance of luma.
    """
    looks = Looks(np.full(len(pixels), np.nan), np.full(len(pixels), np.nan))
    pages = PageBudget(pixels, ONE_PASS_BYTES)
    for n_done, row in enumerate(np.flatnonzero(is_ok).tolist(), start=1):
        image = np.asarray(pixels[row])
        looks.contrast[row], looks.sharpness[row] = _measure(image)
        pages.count(image.nbytes)
        if on_progress is not None and n_done % 100 == 0:
            on_progress(n_done)
    return looks


def _measure(image: NDArray[np.uint8]) -> tuple[float, float]:
    import cv2  # only here: what is read without a look at pixels does not wait for it

    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    scale = SIDE_PX / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    luma = np.asarray(grey, dtype=np.float32) / 255
    variance = float(luma.var())
    if variance < _FLAT:
        return variance**0.5, 0.0
    return variance**0.5, float(cv2.Laplacian(luma, cv2.CV_32F).var()) / variance
