"""Sums of losses, such as 0.4 soft macro F1 + 0.6 focal."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["PerSampleLoss", "mix_losses"]

PerSampleLoss = Callable[..., tuple[Tensor, Tensor]]


def mix_losses(*parts: tuple[float, PerSampleLoss]) -> PerSampleLoss:
    """One per-sample loss out of several: the sum of factor times value, with the weights of the first.

    The mean has room for one set of weights, so class weights act on class numbers only where the first part has
    them.

    Args:
        parts: Factor and per-sample loss of each.

    Returns:
        A function `(logits, target, weight=None) -> (values (N,), weights (N,))`.

    Raises:
        ValueError: If there is no part.

    Example:
        >>> from podium.losses import cross_entropy_per_sample
        >>> twice = mix_losses((1.0, cross_entropy_per_sample), (1.0, cross_entropy_per_sample))
        >>> twice(torch.zeros(1, 2), torch.tensor([0]))[0]
        tensor([1.3863])
    """
    if not parts:
        raise ValueError("a mixture needs at least one part")

    def mixed(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        results = [(factor, *loss(logits, target, weight)) for factor, loss in parts]
        values = torch.stack([factor * values for factor, values, _ in results]).sum(dim=0)
        return values, results[0][2]

    return mixed
