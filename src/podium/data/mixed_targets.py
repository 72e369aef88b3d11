"""Targets and weights of mixed images, in the proportion of what is to be seen of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixed", "mix_targets", "mix_weights", "soften_targets"]


@dataclass(frozen=True, eq=False)
class Mixed:
    """How a batch was mixed.

    Attributes:
        partner: For each image the position of the other one among the training samples, shape (B,); its own where
            nothing was mixed.
        own_fraction: Share of the image's own in the mix, in [0, 1]; 1 where nothing was mixed.
    """

    partner: NDArray[np.int64]
    own_fraction: float


def soften_targets(labels: NDArray[Any], n_classes: int | None) -> NDArray[np.float32]:
    """Labels as soft targets, float32 (B, C); a row of -1 where the label is missing.

    Args:
        labels: Class indices, shape (B,), -1 = missing; or marks or shares, shape (B, C), kept as they are.
        n_classes: Number of classes C, needed for class indices.

    Example:
        >>> soften_targets(np.array([1, -1]), 2).tolist()
        [[0.0, 1.0], [-1.0, -1.0]]
    """
    if labels.ndim == 2:
        return labels.astype(np.float32)
    assert n_classes is not None, "class indices need the number of classes"
    soft = np.zeros((len(labels), n_classes), dtype=np.float32)
    soft[np.arange(len(labels)), np.maximum(labels, 0)] = 1.0
    soft[labels < 0] = -1.0
    return soft


def mix_targets(own: NDArray[np.float32], other: NDArray[np.float32], own_fraction: float) -> NDArray[np.float32]:
    """Soft targets of the images and of their partners, both (B, C), mixed; -1 where either's is missing."""
    if own_fraction == 1.0:
        return own
    blend = own_fraction * own + (1.0 - own_fraction) * other
    return np.where((own < 0) | (other < 0), -1.0, blend).astype(np.float32)


def mix_weights(own: NDArray[np.float64], other: NDArray[np.float64], own_fraction: float) -> NDArray[np.float64]:
    """Weights of the samples' losses, shape (B,), mixed as the images were."""
    return own if own_fraction == 1.0 else own_fraction * own + (1.0 - own_fraction) * other
