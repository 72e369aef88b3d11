"""Classes in order from one score: cumulative probabilities between thresholds that rise by construction."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["LEAST_GAP", "CumulativeLink"]

LEAST_GAP = 1e-4
"""Distance that two thresholds keep, so that the log-probability of a class between them stays finite."""


class CumulativeLink(nn.Module):
    """Features (N, D) to log-probabilities of ordered classes (N, C), by the proportional-odds model.

    One score s for an image, C - 1 thresholds t: P(class <= k) = sigmoid(t_k - s). Thresholds are the first one and
    positive gaps, so cumulative probabilities are monotone for any weights, and the classes' sum to 1. The output is
    their logarithm, and a softmax leaves log-probabilities as they are: whatever takes logits of classes (losses,
    soft targets, class weights, `probs_from_logits`) takes these.

    Thresholds start where a score of 0 gives all classes the same probability. They are a vector, so optimizers
    leave them out of weight decay.

    Args:
        n_features: D.
        n_classes: C, at least 2; class 0 is the lowest.
        weight_std: Standard deviation of the weights at the start.

    Source:
        McCullagh 1980, "Regression Models for Ordinal Data". With shared weights and a bias a threshold as in Cao,
        Mirjalili and Raschka 2020, "Rank consistent ordinal regression for neural networks" (CORAL); trained on the
        likelihood of the class in place of one binary loss a threshold, which makes it a loss like any other.

    Example:
        >>> link = CumulativeLink(5, 4)
        >>> link(torch.zeros(1, 5)).exp().detach()
        tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def __init__(self, n_features: int, n_classes: int, *, weight_std: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, n_features))
        nn.init.normal_(self.weight, std=weight_std)
        even = [math.log(k / (n_classes - k)) for k in range(1, n_classes)]
        gaps = [math.log(math.expm1(high - low - LEAST_GAP)) for low, high in pairwise(even)]
        self.steps = nn.Parameter(torch.tensor([even[0], *gaps]))
        """The first threshold, then the gaps before softplus, shape (C - 1,)."""

    def gaps(self) -> Tensor:
        """Distances of neighbouring thresholds, all above 0, shape (C - 2,)."""
        return functional.softplus(_precise(self.steps[1:])) + LEAST_GAP

    def thresholds(self) -> Tensor:
        """Rising thresholds on the score, shape (C - 1,)."""
        return torch.cat([_precise(self.steps[:1]), self.gaps()]).cumsum(0)

    def forward(self, features: Tensor) -> Tensor:
        """Log-probabilities (N, C), float32 at least."""
        score = _precise(functional.linear(features, self.weight))  # (N, 1)
        distance = self.thresholds() - score  # (N, C - 1)
        below, above = functional.logsigmoid(distance), functional.logsigmoid(-distance)
        # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)): no difference of numbers near 1 or 0.
        inner = below[:, 1:] + above[:, :-1] + torch.log(-torch.expm1(-self.gaps()))
        return torch.cat([below[:, :1], inner, above[:, -1:]], dim=1)


def _precise(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
