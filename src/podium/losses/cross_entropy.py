"""Cross entropy, for heads where an image has one class."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from podium.losses.targets import make_class_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["cross_entropy", "cross_entropy_per_sample"]


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Mean cross entropy of a batch, a scalar; the arguments are those of `cross_entropy_per_sample`.

    Example:
        >>> cross_entropy(torch.zeros(2, 4), torch.tensor([3, -1]))
        tensor(1.3863)
    """
    return weighted_mean(
        *cross_entropy_per_sample(logits, target, weight, class_weights=class_weights, label_smoothing=label_smoothing)
    )


def cross_entropy_per_sample(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Cross entropy of every sample, and the weight with which it enters the mean.

    As in torch, a class number's class weight is also the weight of its sample in the mean, and a distribution's is
    not: mixed images (CutMix) are averaged over samples.

    Args:
        logits: Shape (N, C).
        target: Class numbers (N,), -1 where missing, or probabilities (N, C), negative where missing.
        weight: Weight of each sample, shape (N,).
        class_weights: Weight of each class, shape (C,), all above 0.
        label_smoothing: Share of the target that is spread evenly over all classes, in [0, 1].

    Returns:
        Values (N,) and weights (N,); missing labels have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Equal to `torch.nn.functional.cross_entropy`. Label smoothing: Szegedy et al. 2016, "Rethinking the
        Inception Architecture for Computer Vision".
    """
    if (
        class_weights is None
        and target.ndim == 1
        and logits.shape[0] == target.shape[0]
        and not target.is_floating_point()
    ):
        # The common case in one kernel: a quarter of the time of the general one below.
        precise = logits.to(torch.promote_types(logits.dtype, torch.float32))
        values = functional.cross_entropy(
            precise, target.long(), ignore_index=-1, reduction="none", label_smoothing=label_smoothing
        )
        return values, scale_weights((target >= 0).to(precise.dtype), weight)
    probs, is_known = make_class_target(logits, target)
    log_probs = functional.log_softmax(logits.to(probs.dtype), dim=1)
    sample_weights = scale_weights(is_known.to(probs.dtype), weight)
    if label_smoothing:
        probs = (1 - label_smoothing) * probs + label_smoothing / logits.shape[1] * is_known[:, None]
    if class_weights is not None:
        class_weights = class_weights.to(probs)
        probs = probs * class_weights
        if target.ndim == 1:
            own = class_weights[target.long().clamp_min(0)]
            # The mean weighs by `own`, so the value is divided by it here.
            probs = probs / own[:, None]
            sample_weights = sample_weights * own
    values = -(probs * log_probs).sum(dim=1)
    return torch.where(is_known, values, torch.zeros_like(values)), sample_weights
