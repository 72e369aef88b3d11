"""Mean precision down the ranking of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ranking import ranked_counts
from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["average_precision_macro"]


def average_precision_macro(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over all classes of the precision at each new positive, shape (B,) for weights (B, N).

    No interpolation, and a class without positives counts 0: both as scikit-learn's `average_precision_score`.
    """
    total, n_rows = np.zeros(len(weights)), np.zeros(len(weights))
    for positives, negatives in ranked_counts(probs, labels, head, weights):
        if positives.shape[1] == 0:
            continue
        precision = divide(positives, positives + negatives, otherwise=0.0)
        area = (np.diff(positives, axis=1, prepend=0.0) * precision).sum(axis=1)
        total += divide(area, positives[:, -1], otherwise=0.0)
        n_rows += positives[:, -1] + negatives[:, -1]
    return np.where(n_rows > 0, total / head.n_classes, np.nan)
