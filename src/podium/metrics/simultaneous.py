"""Several intervals that hold together: the level that each needs, so that all of them hold at the level asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["simultaneous_level"]


def simultaneous_level(resampled: NDArray[np.float64], level: float) -> float:
    """The level of each of M intervals that makes all of them hold at once at `level`.

    Who compares twenty runs with one will find a "better" one by chance. Bonferroni asks for 1 - (1 - level) / M of
    each interval, as if the comparisons knew nothing of each other; but all are with the same run on the same images.
    The resamples tell how often their extremes coincide.

    Args:
        resampled: Values of M quantities in the same B resamples, shape (B, M). A nan says nothing.
        level: Level for all together.

    Returns:
        Between `level` and Bonferroni's level. Bonferroni's where B is below 2.

    Example:
        >>> draws = np.random.default_rng(0).normal(size=2000)
        >>> copies = np.column_stack([draws, 2 * draws, 1 - draws])  # three names for one comparison
        >>> f"{simultaneous_level(copies, 0.95):.3f}"
        '0.950'

    Source:
        Beran 1988, "Balanced Simultaneous Confidence Sets".
    """
    n_resamples, n_values = len(resampled), int(resampled.shape[1])
    if n_values < 2:
        return level
    highest: float = 1 - (1 - level) / n_values
    if n_resamples < 2:
        return highest
    ranks = np.argsort(np.argsort(resampled, axis=0), axis=0) + 0.5
    extremes = np.abs(2 * ranks / n_resamples - 1)  # the level of the interval whose bound this resample is
    extremes[np.isnan(resampled)] = 0.0
    return min(max(float(np.quantile(extremes.max(axis=1), level)), level), highest)
