"""Gap between how sure the model is and how often it is right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.ratio import divide
from podium.tables import Head, decide

__all__ = ["calibration_error_from_totals", "calibration_error_totals"]

N_BINS = 15


def calibration_error_totals(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, *, n_bins: int = N_BINS
) -> NDArray[np.float64]:
    """Per sample: confidence minus correctness in the column of its bin, and the labels counted; shape (N, n_bins + 1).

    Bins are of equal width on the confidence in the decision: the top probability, or for every label of a
    multi-label head the larger of p and 1 - p. Bins are open on the left, as in the paper.

    Source:
        Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    probs = np.asarray(probs, dtype=np.float64)
    decisions = decide(probs, head)
    confidence = np.maximum(probs, 1 - probs) if head.is_multi else probs.max(axis=1)
    is_known = labels >= 0
    gap = (confidence - (decisions == labels)) * is_known
    bins = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    n = len(labels)
    rows = np.broadcast_to(np.arange(n)[:, None] if head.is_multi else np.arange(n), bins.shape)
    sums = np.bincount((rows * n_bins + bins).ravel(), weights=gap.ravel(), minlength=n * n_bins)
    return np.concatenate([sums.reshape(n, n_bins), is_known.reshape(n, -1).sum(axis=1)[:, None]], axis=1)


def calibration_error_from_totals(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected calibration error in [0, 1], shape (...) from (..., n_bins + 1). Bins weigh by their samples."""
    return divide(np.abs(totals[..., :-1]).sum(axis=-1), totals[..., -1], otherwise=np.nan)
