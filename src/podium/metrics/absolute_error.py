"""Mean distance of an ordinal decision from the truth, in class steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, decide

__all__ = ["mean_absolute_error_totals"]


def mean_absolute_error_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head
) -> NDArray[np.float64]:
    """Per sample: class steps between decision and label, and 1 if the label is known; shape (N, 2)."""
    is_known = labels >= 0
    distance = np.abs(decide(probs, head) - np.asarray(labels, dtype=np.int64))
    return np.stack([distance * is_known, is_known], axis=1).astype(np.float64)
