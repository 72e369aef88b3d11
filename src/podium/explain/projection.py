"""Features in two dimensions: principal components, exact and the same every time, or UMAP."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.machine.extras import import_extra

__all__ = ["MapMethodName", "Projection", "project"]

FloatArray = NDArray[np.float64]
MapMethodName = Literal["pca", "umap"]
_COMPONENTS = 50
"""Principal components that UMAP starts from: it is faster there, and the rest is mostly noise."""
_NEIGHBOURS, _LEAST_DISTANCE = 15, 0.1


@dataclass(frozen=True)
class Projection:
    """Points in a plane.

    Args:
        points: float64 (N, 2).
        method: How they were made.
        explained: Share of the variance along each axis, for principal components; empty for UMAP.
    """

    points: FloatArray
    method: MapMethodName
    explained: tuple[float, ...] = ()


def project(rows: NDArray[np.floating[Any]], method: MapMethodName = "pca", *, seed: int = 0) -> Projection:
    """Rows (N, D) in two dimensions.

    Args:
        rows: Finite features, one scale for all columns; at least 3 rows.
        method: "pca", or "umap", which needs the extra "maps".
        seed: Seed of UMAP; principal components have none.

    Raises:
        UsageError: If umap-learn is not installed.

    Source:
        Pearson 1901, "On Lines and Planes of Closest Fit to Systems of Points in Space"; McInnes, Healy and Melville
        2018, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction".
    """
    scores, explained = _principal(rows, _COMPONENTS if method == "umap" else 2)
    if method == "pca":
        return Projection(scores, method, tuple(explained[:2].tolist()))
    how = {"n_neighbors": min(_NEIGHBOURS, len(rows) - 1), "min_dist": _LEAST_DISTANCE, "init": "pca"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TensorFlow, which only another method of the package needs
        mapper = import_extra("umap", "maps").UMAP(random_state=seed, n_jobs=1, **how)
        points = mapper.fit_transform(scores)
    return Projection(np.asarray(points, dtype=np.float64), method)


def _principal(rows: NDArray[np.floating[Any]], n: int) -> tuple[FloatArray, FloatArray]:
    """The first principal components of rows, (N, n), and the share of the variance along each.

    Signs are fixed: the feature with the largest loading points along the positive axis.
    """
    centred = np.asarray(rows, dtype=np.float64) - rows.mean(axis=0, dtype=np.float64)
    n = min(n, *centred.shape)
    is_wide = centred.shape[1] > len(centred)
    square = centred @ centred.T if is_wide else centred.T @ centred
    values, vectors = np.linalg.eigh(square)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    axes = centred.T @ vectors[:, :n] if is_wide else vectors[:, :n]  # (D, n)
    length = np.linalg.norm(axes, axis=0)
    axes = np.divide(axes, length, out=np.zeros_like(axes), where=length > 1e-12)
    axes = axes * np.where(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0) < 0, -1.0, 1.0)
    scores = centred @ axes
    total = values.sum()
    shares = values[:n] / total if total > 0 else np.zeros(n)
    if n < 2:
        scores, shares = np.pad(scores, ((0, 0), (0, 2 - n))), np.pad(shares, (0, 2 - n))
    return scores, shares
