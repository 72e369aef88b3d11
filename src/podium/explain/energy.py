"""How much of a map lies in a region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["energy_inside"]


def energy_inside(maps: NDArray[np.float32], masks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Share of each map's sum that lies in its region, in [0, 1], shape (N,); nan for a map of zeros.

    An even map has the region's share of the area: only more than that is a sign that the network looks there.

    Args:
        maps: At least 0, (N, H, W).
        masks: How far each pixel is in the region, in [0, 1], (N, H, W).

    Example:
        >>> energy_inside(np.ones((1, 2, 2), np.float32), np.array([[[1.0, 0.0], [0.0, 0.0]]]))
        array([0.25])

    Source:
        Wang et al. 2020, "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", section
        4.3 (energy-based pointing game).
    """
    totals = maps.sum(axis=(1, 2), dtype=np.float64)
    inside = (maps * masks).sum(axis=(1, 2), dtype=np.float64)
    return np.where(totals > 0, inside / np.where(totals > 0, totals, 1), np.nan)
