"""Mean recall over the classes that occur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts
from podium.metrics.ratio import divide

__all__ = ["balanced_accuracy"]


def balanced_accuracy(counts: ClassCounts) -> NDArray[np.float64]:
    """Mean recall over the classes with at least one sample, shape (...).

    Unlike `recall_macro` a class without samples is left out, as scikit-learn's `balanced_accuracy_score` does.
    """
    recall = divide(counts.hits, counts.actual, otherwise=0.0)
    return divide(recall.sum(axis=-1), (counts.actual > 0).sum(axis=-1), otherwise=np.nan)
