"""Features for as many images as a run has, made of those of a few: for a rehearsal of how long heads take to solve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.tables import Samples

__all__ = ["spread_features"]

MOST_BYTES = 1 << 28
"""Of what is made; more images take turns with these."""


def spread_features(features: NDArray[np.float32], samples: Samples, *, seed: int = 0) -> NDArray[np.float32]:
    """Features (V, M, D) of a run's images from those of its first few, (V, n, D).

    Each image looks like one of the few that has its label, with noise as wide as features vary. Repeating the few
    themselves, with the labels of others, is another problem: it took four times as long to solve as the real one.

    Args:
        features: What the first n images of the samples have.
        samples: All images, with labels.
        seed: Of the noise.

    Returns:
        One row an image in their order, as far as there is memory for them.
    """
    n_views, n, n_features = features.shape
    n_rows = max(n, min(len(samples), MOST_BYTES // (4 * n_views * n_features)))
    rng = np.random.default_rng(seed)
    source = _alike(_labels(samples)[:n_rows], n, rng)
    noise = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    return np.asarray(features[:, source] + noise * features.std(axis=(0, 1)), dtype=np.float32)


def _alike(labels: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """For every row one of the first n with the same labels, or any of them where none has."""
    source = rng.integers(0, n, len(labels))
    _, kind = np.unique(labels, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    for one in np.unique(kind[:n]):
        rows, own = np.flatnonzero(kind == one), np.flatnonzero(kind[:n] == one)
        source[rows] = own[rng.integers(0, len(own), len(rows))]
    return source


def _labels(samples: Samples) -> NDArray[np.int64]:
    """The labels of the main head, shape (N, 1), or (N, C) for several labels."""
    assert samples.task is not None, "samples to train on have labels"
    labels = np.asarray(samples.labels[samples.task.heads[0].name], dtype=np.int64)
    return labels if labels.ndim == 2 else labels[:, None]
