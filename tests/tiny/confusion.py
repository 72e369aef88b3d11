"""Class counts of confusion matrices, summed along their rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.counts import ClassCounts


def from_confusion(confusion: NDArray[Any]) -> ClassCounts:
    """Counts of matrices of shape (..., C, C), rows true and columns decided."""
    table = np.asarray(confusion, dtype=np.float64)
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    return ClassCounts(hits, table.sum(axis=-1), table.sum(axis=-2), table.sum(axis=(-2, -1)))


def from_label_confusion(confusion: NDArray[Any]) -> ClassCounts:
    """Counts of a multi-label head's matrices, shape (..., C, 2, 2)."""
    table = np.asarray(confusion, dtype=np.float64)
    true, decided = table[..., 1, :].sum(axis=-1), table[..., :, 1].sum(axis=-1)
    return ClassCounts(table[..., 1, 1], true, decided, table.sum(axis=(-3, -2, -1)))
