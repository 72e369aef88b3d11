"""Some rows of stored features, standardised as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium import durable

__all__ = ["FeatureRows"]

BLOCK = 4096
"""Rows read at a time."""


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """Some rows of stored features, in one view or several, standardised as they are read.

    Args:
        features: float32 (V, N, D), usually a memory map.
        rows: Rows to read, shape (n,).
        mean: Mean of every feature, shape (D,); on the device that computes.
        scale: Standard deviation of every feature, shape (D,), nowhere 0.
        n_views: The first so many views are read, one after the other.
    """

    features: NDArray[np.float32]
    rows: NDArray[np.int64]
    mean: Tensor
    scale: Tensor
    n_views: int = 1

    def __len__(self) -> int:
        return self.n_views * len(self.rows)

    @property
    def n_features(self) -> int:
        """D."""
        return int(self.features.shape[2])

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        """Places among all rows, with the standardised features there, shape (b, D)."""
        pages = durable.PageBudget(self.features, durable.ONE_PASS_BYTES)
        for view in range(self.n_views):
            for start in range(0, len(self.rows), BLOCK):
                piece = self.features[view][self.rows[start : start + BLOCK]]
                pages.count(piece.nbytes)
                first = view * len(self.rows) + start
                block = torch.from_numpy(piece).to(self.mean.device).sub_(self.mean).div_(self.scale)
                yield slice(first, first + len(block)), block

    def read(self) -> Tensor:
        """All of them, shape (n, D)."""
        whole = self.mean.new_empty((len(self), self.n_features))
        for places, block in self.blocks():
            whole[places] = block
        return whole
