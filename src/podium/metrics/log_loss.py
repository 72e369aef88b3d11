"""Mean negative log probability of the truth (cross-entropy)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["LARGEST_LOSS", "log_loss_totals"]

_SMALLEST = float(np.finfo(np.float64).eps)
LARGEST_LOSS = -math.log(_SMALLEST)
"""What a sure mistake costs, in nats."""


def log_loss_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, *, clip: float = _SMALLEST
) -> NDArray[np.float64]:
    """Per sample: the summed loss of its known labels in nats, and their number; shape (N, 2).

    Probabilities are clipped to [clip, 1 - clip], by default at the float64 epsilon as scikit-learn does, so a sure
    mistake costs 36, not infinity.
    For a multi-label head the loss of a label is that of 0 against 1.
    """
    clipped = np.clip(np.asarray(probs, dtype=np.float64), clip, 1 - clip)
    is_known = labels >= 0
    if head.is_multi:
        losses = -np.log(np.where(labels == 1, clipped, 1 - clipped)) * is_known
        return np.stack([losses.sum(axis=1), is_known.sum(axis=1)], axis=1)
    own = clipped[np.arange(len(labels)), np.maximum(labels, 0)]
    return np.stack([-np.log(own) * is_known, is_known], axis=1)
