"""Asymmetric loss: for many labels of which few are marked, negatives are focused harder than positives."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from podium.losses.binary_cross_entropy import mean_over_known
from podium.losses.focal import focal_factor
from podium.losses.targets import make_binary_target
from podium.losses.weighted_mean import weighted_mean

__all__ = ["asymmetric", "asymmetric_per_sample"]

SMALLEST_PROB = 1e-8


def asymmetric(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma_negative: float = 4.0,
    gamma_positive: float = 1.0,
    clip: float = 0.05,
) -> Tensor:
    """Mean over all known labels, a scalar; the arguments are those of `asymmetric_per_sample`.

    Example:
        >>> import torch
        >>> asymmetric(torch.zeros(1, 2), torch.tensor([[1, 0]]), gamma_negative=0.0, gamma_positive=0.0, clip=0.0)
        tensor(0.6931)
    """
    return weighted_mean(
        *asymmetric_per_sample(
            logits, target, weight, gamma_negative=gamma_negative, gamma_positive=gamma_positive, clip=clip
        )
    )


def asymmetric_per_sample(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma_negative: float = 4.0,
    gamma_positive: float = 1.0,
    clip: float = 0.05,
) -> tuple[Tensor, Tensor]:
    """Asymmetric loss of every sample, averaged over its known labels, and its weight in the mean.

    With both gammas and `clip` 0 it is binary cross entropy. Unlike the authors' code it is a mean over labels, not
    a sum, so that the learning rate does not hang on their number.

    Args:
        logits: Shape (N, C).
        target: Marks (N, C) in [0, 1], negative where missing, or class numbers (N,), -1 where missing.
        weight: Weight of each sample, shape (N,).
        gamma_negative: Focus on hard negatives, at least 0.
        gamma_positive: Focus on hard positives, at least 0.
        clip: Negatives with a probability below this are ignored, in [0, 1).

    Returns:
        Values (N,) and weights (N,); samples with no known label have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification"; compare
        `timm.loss.AsymmetricLossMultiLabel`.
    """
    marks, is_known = make_binary_target(logits, target)
    logits = logits.to(marks.dtype)
    log_yes, log_no = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    if clip:
        log_no = (log_no.exp() + clip).clamp(SMALLEST_PROB, 1).log()
    losses = -marks * focal_factor(log_yes, gamma_positive) * log_yes
    losses = losses - (1 - marks) * focal_factor(log_no, gamma_negative) * log_no
    return mean_over_known(losses, is_known, weight)
