"""A design matrix: standardised features, with fewer columns where there are few rows, in memory where it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from podium.linear.feature_rows import FeatureRows

__all__ = ["Design", "make_design"]

IN_MEMORY_BYTES = 2 << 30
"""A matrix up to this size is kept; a larger one is read again for every product."""


@dataclass(frozen=True, eq=False)
class Design:
    """A matrix Z of n rows and r columns.

    Args:
        source: The features X that it is made of.
        matrix: Z; None where it is X, and too large to keep.
        axes: Orthonormal directions A with Z = X A that span the rows of X, shape (D, r); None where Z is X. An L2
            penalty means the same on both sides. None, too, where they were not asked for.
    """

    source: FeatureRows
    matrix: Tensor | None
    axes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.source)

    @property
    def n_columns(self) -> int:
        """r."""
        return self.source.n_features if self.matrix is None else int(self.matrix.shape[1])

    @property
    def is_turned(self) -> bool:
        """Whether Z is X in other coordinates, fewer than D."""
        return self.n_columns < self.source.n_features

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        """Places of the rows, with the rows, shape (b, r)."""
        if self.matrix is None:
            yield from self.source.blocks()
        else:
            yield slice(0, len(self)), self.matrix

    def multiply(self, weights: Tensor) -> Tensor:
        """Z W, shape (n, k), for weights (r, k)."""
        if self.matrix is not None:  # with few columns MKL takes half the time this way round
            return (weights.T.contiguous() @ self.matrix.T).T
        product = weights.new_empty((len(self), weights.shape[1]))
        for places, block in self.blocks():
            product[places] = block @ weights
        return product

    def multiply_transposed(self, values: Tensor) -> Tensor:
        """Z' R, shape (r, k), for values (n, k)."""
        if self.matrix is not None:
            return (values.T @ self.matrix).T
        total = values.new_zeros((self.n_columns, values.shape[1]))
        for places, block in self.blocks():
            total += (values[places].T @ block).T
        return total

    def to_features(self, weights: Tensor) -> Tensor:
        """The weights (D, k) of X that give what weights (r, k) of Z give."""
        if not self.is_turned:
            return weights
        assert self.axes is not None, "made without axes"
        return self.axes.to(weights.dtype) @ weights


def make_design(source: FeatureRows, *, with_axes: bool = True) -> Design:
    """The features themselves, or their coordinates in the space of their own rows where those are fewer than D.

    Args:
        source: X.
        with_axes: Whether weights will be asked for; without, the coordinates cost half.
    """
    if len(source) < source.n_features:
        if not with_axes:
            return Design(source, torch.linalg.qr(source.read().T, mode="r").R.T.contiguous())
        axes, triangle = torch.linalg.qr(source.read().T)  # (D, n), (n, n)
        return Design(source, triangle.T.contiguous(), axes)
    fits = 4 * len(source) * source.n_features <= IN_MEMORY_BYTES
    return Design(source, source.read() if fits else None)
