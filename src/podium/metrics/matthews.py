"""Matthews correlation of true and decided classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide

__all__ = ["matthews_corrcoef"]


def matthews_corrcoef(counts: ClassCounts) -> NDArray[np.float64]:
    """Correlation in [-1, 1] over all classes; 0 where truth or decision is one class only, shape (...).

    Source:
        Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient".
    """
    hits, n = counts.hits.sum(axis=-1), counts.n
    covariance = hits * n - (counts.actual * counts.predicted).sum(axis=-1)
    variance = (n**2 - (counts.actual**2).sum(axis=-1)) * (n**2 - (counts.predicted**2).sum(axis=-1))
    return np.where(n > 0, divide(covariance, np.sqrt(variance), otherwise=0.0), np.nan)
