"""Focal loss: cross entropy that turns from samples it already gets right."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from podium.losses.binary_cross_entropy import mean_over_known
from podium.losses.targets import make_binary_target, make_class_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["binary_focal", "binary_focal_per_sample", "focal", "focal_per_sample"]


def focal(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma: float = 2.0,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Mean focal loss of a batch, a scalar; the arguments are those of `focal_per_sample`.

    Example:
        >>> focal(torch.zeros(1, 2), torch.tensor([0]), gamma=1.0)
        tensor(0.3466)
    """
    return weighted_mean(*focal_per_sample(logits, target, weight, gamma=gamma, class_weights=class_weights))


def focal_per_sample(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma: float = 2.0,
    class_weights: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Focal loss of every sample over a softmax, and its weight in the mean.

    With `gamma` 0 it is cross entropy, class weights included. For a distribution as target every class's term
    has its own focal factor.

    Args:
        logits: Shape (N, C).
        target: Class numbers (N,), -1 where missing, or probabilities (N, C), negative where missing.
        weight: Weight of each sample, shape (N,).
        gamma: Power of (1 - p), at least 0.
        class_weights: Weight of each class, shape (C,), all above 0; used as in `cross_entropy`.

    Returns:
        Values (N,) and weights (N,); missing labels have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Lin et al. 2017, "Focal Loss for Dense Object Detection", with softmax in place of the sigmoid.
    """
    probs, is_known = make_class_target(logits, target)
    log_probs = functional.log_softmax(logits.to(probs.dtype), dim=1)
    sample_weights = scale_weights(is_known.to(probs.dtype), weight)
    if class_weights is not None:
        class_weights = class_weights.to(probs)
        if target.ndim == 1:
            sample_weights = sample_weights * class_weights[target.long().clamp_min(0)]
        else:
            probs = probs * class_weights
    values = -(probs * focal_factor(log_probs, gamma) * log_probs).sum(dim=1)
    return torch.where(is_known, values, torch.zeros_like(values)), sample_weights


def binary_focal(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Mean over all known labels, a scalar; the arguments are those of `binary_focal_per_sample`.

    Example:
        >>> binary_focal(torch.zeros(1, 2), torch.tensor([[1, 0]]), gamma=1.0)
        tensor(0.3466)
    """
    return weighted_mean(
        *binary_focal_per_sample(logits, target, weight, gamma=gamma, alpha=alpha, pos_weight=pos_weight)
    )


def binary_focal_per_sample(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    pos_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Focal loss of every sample over a sigmoid a label, averaged over its known labels, and its weight in the mean.

    With `gamma` 0 and no `alpha` it is binary cross entropy, `pos_weight` included.

    Args:
        logits: Shape (N, C).
        target: Marks (N, C) in [0, 1], negative where missing, or class numbers (N,), -1 where missing.
        weight: Weight of each sample, shape (N,).
        gamma: Power of (1 - p), at least 0.
        alpha: Weight of the positive term in [0, 1], the negative one having 1 - alpha; None weighs both 1.
        pos_weight: Factor on the positive term of each label, shape (C,).

    Returns:
        Values (N,) and weights (N,); samples with no known label have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Lin et al. 2017, "Focal Loss for Dense Object Detection".
    """
    marks, is_known = make_binary_target(logits, target)
    log_yes = functional.logsigmoid(logits.to(marks.dtype))
    log_no = functional.logsigmoid(-logits.to(marks.dtype))
    positive = -marks * focal_factor(log_yes, gamma) * log_yes
    negative = -(1 - marks) * focal_factor(log_no, gamma) * log_no
    if pos_weight is not None:
        positive = positive * pos_weight.to(positive)
    if alpha is not None:
        positive, negative = alpha * positive, (1 - alpha) * negative
    return mean_over_known(positive + negative, is_known, weight)


def focal_factor(log_probs: Tensor, gamma: float) -> Tensor:
    """(1 - p) ** gamma from log p, with finite gradients where p rounds to 1."""
    if gamma < 0:
        raise ValueError(f"gamma must be at least 0, got {gamma}")
    if gamma == 0:
        return torch.ones_like(log_probs)
    # expm1 keeps 1 - p exact near p = 1; the floor keeps powers below 1 from an infinite slope at 0.
    rest = -torch.expm1(log_probs)
    return rest.clamp_min(torch.finfo(rest.dtype).tiny) ** gamma
