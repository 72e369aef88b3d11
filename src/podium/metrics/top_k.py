"""Share of samples whose class is among the k most probable."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["top_k_accuracy_totals"]


def top_k_accuracy_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, *, k: int
) -> NDArray[np.float64]:
    """Per sample: 1 if the label is among the k highest, and 1 if it is known; shape (N, 2).

    Of equal probabilities the later class ranks higher, as in scikit-learn's `top_k_accuracy_score`.
    """
    is_known = labels >= 0
    column = np.maximum(labels, 0)
    own = np.take_along_axis(probs, column[:, None], axis=1)
    is_later = np.arange(head.n_classes) > column[:, None]
    rank = ((probs > own) | ((probs == own) & is_later)).sum(axis=1)
    return np.stack([(rank < k) & is_known, is_known], axis=1).astype(np.float64)
