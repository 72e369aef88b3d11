"""The one way losses are averaged: by the weights of their samples, with an empty batch giving 0."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["weighted_mean"]


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Sum of values times weights over the sum of weights; exactly 0, with a gradient of 0, where no weight is left.

    To spread one batch over several backward passes, sum `values * weights` in each and divide by the sum of the
    weights of all of them: the mean of the passes' means is another number wherever labels are missing or classes
    are weighted.

    Args:
        values: Shape (N,).
        weights: Shape (N,), none negative.

    Example:
        >>> weighted_mean(torch.tensor([1.0, 5.0, 9.0]), torch.tensor([1.0, 1.0, 0.0]))
        tensor(3.)
    """
    total = weights.sum()
    return (values * weights).sum() / torch.where(total > 0, total, torch.ones_like(total))
