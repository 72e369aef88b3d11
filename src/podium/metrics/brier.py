"""Mean squared distance of the probabilities from the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["brier_totals"]


def brier_totals(probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head) -> NDArray[np.float64]:
    """Per sample: the squared distance, and the number of labels it is over; shape (N, 2).

    Three or more classes: summed over classes, in [0, 2]. Two classes and each label of a multi-label head: of one
    probability, in [0, 1]. Both as scikit-learn's `brier_score_loss` has it.

    Source:
        Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    probs = np.asarray(probs, dtype=np.float64)
    is_known = labels >= 0
    if head.is_multi:
        return np.stack([(((probs - labels) ** 2) * is_known).sum(axis=1), is_known.sum(axis=1)], axis=1)
    own = probs[np.arange(len(labels)), np.maximum(labels, 0)]
    distance = np.maximum((probs**2).sum(axis=1) - 2 * own + 1, 0.0) * (0.5 if head.n_classes == 2 else 1.0)
    return np.stack([distance * is_known, is_known], axis=1)
