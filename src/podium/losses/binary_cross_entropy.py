"""Binary cross entropy on logits, for heads where an image has any subset of the labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from podium.losses.targets import make_binary_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["binary_cross_entropy", "binary_cross_entropy_per_sample", "mean_over_known"]


def binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    pos_weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Mean over all known labels, a scalar; the arguments are those of `binary_cross_entropy_per_sample`.

    Example:
        >>> binary_cross_entropy(torch.zeros(2, 2), torch.tensor([[1, 0], [0, -1]]))
        tensor(0.6931)
    """
    return weighted_mean(
        *binary_cross_entropy_per_sample(logits, target, weight, pos_weight=pos_weight, label_smoothing=label_smoothing)
    )


def binary_cross_entropy_per_sample(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    pos_weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Binary cross entropy of every sample, averaged over its known labels, and its weight in the mean.

    A sample's weight is the share of its labels that is known, so the mean over samples is the mean over labels.

    Args:
        logits: Shape (N, C).
        target: Marks (N, C) in [0, 1], negative where missing, or class numbers (N,), -1 where missing.
        weight: Weight of each sample, shape (N,).
        pos_weight: Factor on the positive term of each label, shape (C,).
        label_smoothing: Marks move this share of the way to 0.5, in [0, 1].

    Returns:
        Values (N,) and weights (N,); samples with no known label have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Equal to `torch.nn.functional.binary_cross_entropy_with_logits`.
    """
    marks, is_known = make_binary_target(logits, target)
    if label_smoothing:
        marks = marks * (1 - label_smoothing) + label_smoothing / 2
    pos_weight = None if pos_weight is None else pos_weight.to(marks)
    losses = functional.binary_cross_entropy_with_logits(
        logits.to(marks.dtype), marks, pos_weight=pos_weight, reduction="none"
    )  # (N, C)
    return mean_over_known(losses, is_known, weight)


def mean_over_known(losses: Tensor, is_known: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """Each sample's mean over its known labels (N,), and its weight (N,): the share of its labels that is known.

    Args:
        losses: Loss of each label, shape (N, C).
        is_known: Which labels count, bool, shape (N, C).
        weight: Weight of each sample, shape (N,).
    """
    n_known = is_known.sum(dim=1)
    total = torch.where(is_known, losses, torch.zeros_like(losses)).sum(dim=1)
    return total / n_known.clamp_min(1), scale_weights(n_known.to(losses.dtype) / losses.shape[1], weight)
