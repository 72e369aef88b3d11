"""Area under a part of the ROC curve: up to a false positive rate, or above a true positive rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ranking import ranked_counts
from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["partial_roc_auc", "roc_auc_above_tpr"]

FloatArray = NDArray[np.float64]


def partial_roc_auc(
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    head: Head,
    weights: FloatArray,
    *,
    max_fpr: float,
) -> FloatArray:
    """Mean over classes of the standardised area up to a false positive rate, shape (B,) for weights (B, N).

    It is 0.5 for a ranking by chance and 1 for a perfect one, as scikit-learn's `roc_auc_score(max_fpr=...)`.

    Source:
        McClish 1989, "Analyzing a portion of the ROC curve".
    """

    def area(x: FloatArray, y: FloatArray) -> FloatArray:
        x0, y0 = x[:, :-1], y[:, :-1]
        end = np.minimum(x[:, 1:], max_fpr)
        at_end = y0 + (y[:, 1:] - y0) * divide(end - x0, x[:, 1:] - x0, otherwise=0.0)
        raw = (np.maximum(end - x0, 0) * (y0 + at_end) / 2).sum(axis=1)
        least = max_fpr**2 / 2
        return np.asarray((1 + (raw - least) / (max_fpr - least)) / 2)

    return _mean_of_classes(probs, labels, head, weights, area)


def roc_auc_above_tpr(
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    head: Head,
    weights: FloatArray,
    *,
    min_tpr: float,
) -> FloatArray:
    """Mean over classes of the area between the curve and a true positive rate, from 0 to 1 - min_tpr, shape (B,).

    The score of ISIC 2024 ("pAUC above 80 % TPR", from 0 to 0.2): only rankings that miss few of the ill count.
    """

    def area(x: FloatArray, y: FloatArray) -> FloatArray:
        x1, y1 = x[:, 1:], y[:, 1:]
        start = np.maximum(y[:, :-1], min_tpr)
        at_start = x1 - (x1 - x[:, :-1]) * divide(y1 - start, y1 - y[:, :-1], otherwise=0.0)
        return np.asarray((np.maximum(y1 - start, 0) * (1 - (at_start + x1) / 2)).sum(axis=1))

    return _mean_of_classes(probs, labels, head, weights, area)


def _mean_of_classes(
    probs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    head: Head,
    weights: FloatArray,
    area: Callable[[FloatArray, FloatArray], FloatArray],
) -> FloatArray:
    """Mean over the classes that have both labels; nan where no class has."""
    total, n_defined = np.zeros(len(weights)), np.zeros(len(weights))
    for positives, negatives in ranked_counts(probs, labels, head, weights):
        if positives.shape[1] == 0:
            continue
        is_defined = positives[:, -1] * negatives[:, -1] > 0
        rates = [np.pad(divide(item, item[:, -1:], otherwise=0.0), ((0, 0), (1, 0))) for item in (negatives, positives)]
        total += np.where(is_defined, area(*rates), 0.0)
        n_defined += is_defined
    return divide(total, n_defined, otherwise=np.nan)
