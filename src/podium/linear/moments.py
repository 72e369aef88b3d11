"""Weighted sums of features and targets, in parts that can be left out one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from podium.linear.design import Design

__all__ = ["Moments", "sum_parts"]

_STRIP = 512
"""Columns of a symmetric product at a time."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over some rows, in double precision; those of disjoint rows add up.

    Args:
        weight: Sum of the weights, a scalar.
        first: Weighted sum of the features, shape (r,).
        second: Weighted sum of their products, shape (r, r).
        target: Weighted sum of the targets, shape (C,).
        cross: Weighted sum of the products of features and targets, shape (r, C).
    """

    weight: Tensor
    first: Tensor
    second: Tensor
    target: Tensor
    cross: Tensor

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(mine + its for mine, its in zip(self._sums, other._sums, strict=True)))

    def __sub__(self, other: Moments) -> Moments:
        return Moments(*(mine - its for mine, its in zip(self._sums, other._sums, strict=True)))

    @property
    def _sums(self) -> tuple[Tensor, ...]:
        return self.weight, self.first, self.second, self.target, self.cross

    @property
    def mean(self) -> Tensor:
        """Mean of the features, shape (r,)."""
        return self.first / self.weight

    @property
    def covariance(self) -> Tensor:
        """Covariance of the features, shape (r, r)."""
        return torch.addr(self.second / self.weight, self.mean, self.mean, alpha=-1)

    @property
    def share(self) -> Tensor:
        """Mean of the targets, shape (C,): the priors of classes."""
        return self.target / self.weight

    @property
    def cross_covariance(self) -> Tensor:
        """Covariance of features and targets, shape (r, C)."""
        return torch.addr(self.cross / self.weight, self.mean, self.share, alpha=-1)


def sum_parts(design: Design, target: Tensor, weights: Tensor, part: Tensor, n_parts: int) -> list[Moments]:
    """The sums of each part of the rows.

    Args:
        design: Z, n rows.
        target: Shape (n, C).
        weights: Shape (n,).
        part: Part of every row, from 0, shape (n,).
        n_parts: Number of parts.
    """
    return [reduce(Moments.__add__, _sums_of(design, target, weights, part == k)) for k in range(n_parts)]


def _sums_of(design: Design, target: Tensor, weights: Tensor, is_in: Tensor) -> Iterator[Moments]:
    """The sums of each block. Products are in single precision, their sum over blocks in double."""
    for places, block in design.blocks():
        rows = torch.nonzero(is_in[places])[:, 0]
        is_whole = len(rows) == len(block)
        z, y, w = (x if is_whole else x[rows] for x in (block, target[places], weights[places]))
        weighted = z * w[:, None]
        sums = (w.sum(), weighted.sum(dim=0), _products(weighted, z), w @ y, weighted.T @ y)
        yield Moments(*(value.double() for value in sums))


def _products(weighted: Tensor, z: Tensor) -> Tensor:
    """weighted' z, which is symmetric: a strip of columns at a time, from the diagonal on."""
    n = z.shape[1]
    whole = z.new_empty((n, n))
    for start in range(0, n, _STRIP):
        strip = weighted[:, start : start + _STRIP].T @ z[:, start:]
        whole[start : start + _STRIP, start:] = strip
        whole[start:, start : start + _STRIP] = strip.T
    return whole
