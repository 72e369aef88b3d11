"""A head to be solved: its rows, labels, weights and inner folds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.linear.feature_rows import FeatureRows
from podium.tables import Head

__all__ = ["HEAD_KINDS", "HeadKindName", "HeadProblem", "HeadWish", "SolvedKindName"]

HeadKindName = Literal["logistic", "lda", "ridge"]
SolvedKindName = Literal["logistic", "lda", "ridge", "nearest"]
HEAD_KINDS: tuple[HeadKindName, ...] = get_args(HeadKindName)


@dataclass(frozen=True)
class HeadWish:
    """What somebody wants of the solution.

    Args:
        kinds: The kinds to choose from.
        strength: In the kind's own unit, which needs a single kind: C of logistic regression, the shrinkage of LDA,
            alpha of ridge regression; None chooses it.
        is_balanced: Whether every class counts as much as any other, or every label's positives as its negatives.
    """

    kinds: tuple[HeadKindName, ...] = HEAD_KINDS
    strength: float | None = None
    is_balanced: bool = False


@dataclass(frozen=True, eq=False)
class HeadProblem:
    """Rows with labels, and how to choose among what fits them.

    Args:
        head: The head.
        source: Features of the rows with a known label, n in each view.
        labels: Class numbers, shape (n,), or 0 and 1, shape (n, C), -1 where missing.
        part: Inner fold of every row, shape (n,); -1 takes no part in the choice. None where there is no choice.
        weights: Weight of each class, shape (C,), or of each label's positives; None weighs all alike.
        metric: Name of the metric that chooses the kind.
        soft: Shares of the classes in place of `labels`, shape (n, C), negative where missing; the metric goes by
            `labels`.
        sample_weights: Weight of each row, shape (n,); None weighs all alike.
    """

    head: Head
    source: FeatureRows
    labels: NDArray[np.integer[Any]]
    part: NDArray[np.int64] | None
    weights: NDArray[np.float64] | None
    metric: str
    soft: NDArray[np.float64] | None = None
    sample_weights: NDArray[np.float64] | None = None

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return self.source.mean.device

    @cached_property
    def target(self) -> Tensor:
        """Shares of the classes, float32 (n, C); a missing label is its column's mean."""
        shares = self._shares
        if not self.head.is_multi:
            return shares.clamp_min(0)
        known = self.is_known.float()
        mean = (shares * known).sum(dim=0) / known.sum(dim=0).clamp_min(1)
        return torch.where(self.is_known, shares, mean)

    @cached_property
    def _shares(self) -> Tensor:
        if self.soft is not None:
            return torch.as_tensor(self.soft, dtype=torch.float32, device=self.device)
        labels = torch.as_tensor(self.labels, device=self.device)
        if self.head.is_multi:
            return labels.float()
        return torch.nn.functional.one_hot(labels.long(), self.head.n_classes).float()

    @cached_property
    def is_known(self) -> Tensor:
        """Which labels count, shape (n, 1), or (n, C) for several labels."""
        return self._shares >= 0 if self.head.is_multi else (self._shares >= 0).all(dim=1, keepdim=True)

    @cached_property
    def row_weights(self) -> Tensor:
        """Weight of every row, float32 (n, 1), or of every label of a row, (n, C); 0 where it is missing."""
        weights = self.is_known.float()
        if self.weights is not None:
            factors = torch.as_tensor(self.weights, dtype=torch.float32, device=self.device)
            if self.head.is_multi:
                weights = weights * (1 + self.target * (factors - 1))
            else:
                weights = weights * (self.target @ factors)[:, None]
        if self.sample_weights is not None:
            own = torch.as_tensor(self.sample_weights, dtype=torch.float32, device=self.device)
            weights = weights * own[:, None]
        return weights

    @cached_property
    def moment_weights(self) -> Tensor:
        """Weight of every row in sums that all labels share, shape (n,)."""
        if not self.head.is_multi:
            return self.row_weights[:, 0]
        own = self.sample_weights
        return self.target.new_ones(len(self.target)) if own is None else self.target.new_tensor(own)
