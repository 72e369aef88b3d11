"""Area under the ROC curve, each class against the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ranking import ranked_counts
from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["roc_auc_macro"]


def roc_auc_macro(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over the classes that have both labels, shape (B,) for weights (B, N); nan where no class has.

    A class of one label only has no ROC curve; scikit-learn refuses such data, here the class is left out.
    """
    total, n_defined = np.zeros(len(weights)), np.zeros(len(weights))
    for positives, negatives in ranked_counts(probs, labels, head, weights):
        if positives.shape[1] == 0:
            continue
        n_pairs = positives[:, -1] * negatives[:, -1]
        before = np.pad(positives[:, :-1], ((0, 0), (1, 0)))
        steps = np.diff(negatives, axis=1, prepend=0.0)
        area = (steps * (positives + before)).sum(axis=1) / 2
        total += divide(area, n_pairs, otherwise=0.0)
        n_defined += n_pairs > 0
    return divide(total, n_defined, otherwise=np.nan)
