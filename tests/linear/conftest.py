"""Features of a few blurred classes, as a frozen network makes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from podium.linear import FeatureRows, HeadProblem
from podium.tables import Head

N, D, C = 240, 30, 4


@pytest.fixture
def features() -> NDArray[np.float32]:
    """Two views (2, N, D) of mixed features whose means and scales differ."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1.0, (C, D))
    clean = centres[np.arange(N) % C] + rng.normal(0, 2.0, (N, D))
    mixed = clean @ rng.normal(0, 1, (D, D)) * np.geomspace(0.1, 10, D) + np.linspace(-5, 5, D)
    return np.stack([mixed, mixed + rng.normal(0, 0.2, mixed.shape)]).astype(np.float32)


@pytest.fixture
def labels() -> NDArray[np.int64]:
    """Class numbers (N,), of one class fewer than of the others."""
    numbers = np.arange(N) % C
    return np.where((numbers == 3) & (np.arange(N) % 3 > 0), 0, numbers)


@pytest.fixture
def marks(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Several labels (N, 3)."""
    return np.column_stack([labels % 2, labels == 1, labels > 1]).astype(np.int64)


def standardised(features: NDArray[np.float32], n_views: int = 1) -> FeatureRows:
    """All rows, standardised by their first view."""
    mean, scale = features[0].mean(axis=0), features[0].std(axis=0)
    rows = np.arange(features.shape[1])
    return FeatureRows(features, rows, torch.from_numpy(mean), torch.from_numpy(scale), n_views)


def make_problem(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    n_views: int = 1,
    n_parts: int = 4,
    weights: NDArray[np.float64] | None = None,
    metric: str | None = None,
) -> HeadProblem:
    """A head to solve, its inner folds dealt in turn."""
    kind = "multi" if labels.ndim == 2 else "single"
    names = tuple(f"c{number}" for number in range(labels.shape[1] if labels.ndim == 2 else C))
    part = np.random.default_rng(1).integers(0, n_parts, len(labels))
    used = metric or ("average_precision_macro" if labels.ndim == 2 else "f1_macro")
    return HeadProblem(Head("h", kind, names), standardised(features, n_views), labels, part, weights, used)  # type: ignore[arg-type]
