"""Area under the ROC curve, each column weighing by its positives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ranking import ranked_counts
from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["roc_auc_weighted"]


def roc_auc_weighted(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over the classes that have both labels, weighted by their positives, shape (B,) for weights (B, N).

    As scikit-learn's `roc_auc_score(average="weighted")`, which refuses a class of one label; here it is left out.
    """
    total, weight = np.zeros(len(weights)), np.zeros(len(weights))
    for positives, negatives in ranked_counts(probs, labels, head, weights):
        if positives.shape[1] == 0:
            continue
        n_pairs = positives[:, -1] * negatives[:, -1]
        before = np.pad(positives[:, :-1], ((0, 0), (1, 0)))
        area = (np.diff(negatives, axis=1, prepend=0.0) * (positives + before)).sum(axis=1) / 2
        own = np.where(n_pairs > 0, positives[:, -1], 0.0)
        total += own * divide(area, n_pairs, otherwise=0.0)
        weight += own
    return divide(total, weight, otherwise=np.nan)
