"""Mean average precision of the k most probable classes of every image, as ranking contests score lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ratio import divide
from podium.tables import Head

__all__ = ["map_at_k_totals"]


def map_at_k_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, *, k: int
) -> NDArray[np.float64]:
    """Per sample: average precision of its k most probable classes, and 1 if it is judged; shape (N, 2).

    For one class per image it is 1 / rank of the label, 0 beyond rank k. For several labels it is the sum of the
    precision at each of them among the first k, over the smaller of k and the number of labels that the image has; an
    image without any label is not judged, and a missing label is left out of the list. Of equal probabilities the
    earlier class comes first, as in a submitted list.
    """
    if not head.is_multi:
        is_known = labels >= 0
        column = np.maximum(labels, 0)[:, None]
        own = np.take_along_axis(probs, column, axis=1)
        is_earlier = np.arange(head.n_classes) < column
        rank = ((probs > own) | ((probs == own) & is_earlier)).sum(axis=1) + 1
        return np.stack([np.where((rank <= k) & is_known, 1 / rank, 0.0), is_known], axis=1)
    ranked = np.where(labels >= 0, probs, -np.inf)
    order = np.argsort(-ranked, axis=1, kind="stable")[:, :k]
    is_right = np.take_along_axis(labels == 1, order, axis=1)
    precision = np.cumsum(is_right, axis=1) / np.arange(1, order.shape[1] + 1)
    n_true = (labels == 1).sum(axis=1)
    values = divide((precision * is_right).sum(axis=1), np.minimum(n_true, k), otherwise=0.0)
    return np.stack([values, (n_true > 0).astype(np.float64)], axis=1)
