"""Linear discriminant analysis and ridge regression, both from one factorised covariance."""

from __future__ import annotations

import torch
from torch import Tensor

from podium.linear.moments import Moments

__all__ = ["LinearMap", "lda", "ridge", "solve_cross"]

LinearMap = tuple[Tensor, Tensor]
"""Weights (r, C) and intercepts (C,)."""


def solve_cross(covariance: Tensor, cross_covariance: Tensor, strength: float) -> Tensor:
    """(S + strength I)^-1 B, shape (r, C), in double precision, computed in that of S.

    Args:
        covariance: S, of the features, shape (r, r). Single precision is three times as fast, and good to some digits.
        cross_covariance: B, of features and targets, shape (r, C).
        strength: Above 0. Standardised features have a variance of 1, so 1 shrinks their mean direction by half.
    """
    matrix = covariance.clone()
    matrix.diagonal().add_(strength)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if not int(failed):
        return torch.cholesky_solve(cross_covariance.to(matrix.dtype), factor).double()
    # More features than rows: what rounding took below zero outweighs a small strength.
    values, vectors = torch.linalg.eigh(covariance.double())
    scaled = (vectors.T @ cross_covariance.double()) / (values.clamp_min(0) + strength)[:, None]
    solved: Tensor = vectors @ scaled
    return solved


def ridge(moments: Moments, solved: Tensor) -> LinearMap:
    """Ridge regression onto the targets: least mean squared error plus strength times the squared weights.

    Args:
        moments: Of the training rows.
        solved: `solve_cross` of them.
    """
    return solved, moments.share - moments.mean @ solved


def lda(moments: Moments, solved: Tensor) -> LinearMap:
    """Linear discriminant analysis whose within-class covariance is W + strength I.

    W = S - sum_c share_c m_c m_c' with the centred class means m_c = B_c / share_c, so its inverse follows from
    `solved` (Woodbury). Classes without samples have weights of 0 and an intercept that rules them out.

    Args:
        moments: Of the training rows; their shares are the priors.
        solved: `solve_cross` of them.

    Source:
        Friedman 1989, "Regularized Discriminant Analysis"; scikit-learn's `LinearDiscriminantAnalysis(solver="lsqr",
        shrinkage=s)` is s = strength / (strength + t), t the mean diagonal of W, with all logits but the priors
        times 1 + strength / t.
    """
    share = moments.share
    is_present = share > 0
    safe = torch.where(is_present, share, 1.0)
    means = moments.cross_covariance / safe  # (r, C)
    directions = torch.where(is_present, solved / safe, 0.0)
    small = torch.eye(len(share), dtype=share.dtype, device=share.device) - moments.cross_covariance.T @ directions
    weights = torch.linalg.solve(small, directions, left=False)
    prior = torch.where(is_present, safe.log(), -torch.inf)
    return weights, prior - 0.5 * (means * weights).sum(dim=0) - moments.mean @ weights
