"""Soft macro F1: the metric itself, made differentiable by counting with probabilities."""

from __future__ import annotations

import torch
from torch import Tensor

from podium.losses.targets import make_binary_target, make_class_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["soft_macro_f1", "soft_macro_f1_per_sample"]


def soft_macro_f1(logits: Tensor, target: Tensor, weight: Tensor | None = None, *, is_multi: bool = False) -> Tensor:
    """1 minus the mean soft F1 of the classes present in the batch, a scalar in [0, 1].

    The arguments are those of `soft_macro_f1_per_sample`.

    Example:
        >>> soft_macro_f1(torch.tensor([[9.0, -9.0], [-9.0, 9.0]]), torch.tensor([0, 1])).round(decimals=4)
        tensor(0.)
    """
    return weighted_mean(*soft_macro_f1_per_sample(logits, target, weight, is_multi=is_multi))


def soft_macro_f1_per_sample(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, is_multi: bool = False
) -> tuple[Tensor, Tensor]:
    """The batch's loss once for every sample, and the weight of each in the mean.

    F1 is a value of a batch, not of a sample: under gradient accumulation this gives the mean of the small batches'
    losses, not the loss of the large one. Use batches that hold several samples of most classes, and mix it with
    cross entropy: a class that a batch lacks gets no gradient from it.

    Args:
        logits: Shape (N, C).
        target: Class numbers (N,), -1 where missing, or probabilities or marks (N, C), negative where missing.
        weight: Weight of each sample in the counts, shape (N,).
        is_multi: Whether probabilities are a sigmoid a label (an image has any subset of the labels) instead of a
            softmax.

    Returns:
        Values (N,), all equal where a label is known, and weights (N,); missing labels have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.
    """
    if is_multi:
        marks, is_known = make_binary_target(logits, target)
        probs = logits.to(marks.dtype).sigmoid()
        share = is_known.to(marks.dtype).mean(dim=1)
    else:
        marks, has_label = make_class_target(logits, target)
        is_known = has_label[:, None].expand_as(marks)
        probs = logits.to(marks.dtype).softmax(dim=1)
        share = has_label.to(marks.dtype)
    sample_weights = scale_weights(share, weight)
    counted = is_known.to(marks.dtype) * (1 if weight is None else weight.to(marks.dtype)[:, None])  # (N, C)
    true_positives = (counted * probs * marks).sum(dim=0)  # (C,)
    n_predicted, n_true = (counted * probs).sum(dim=0), (counted * marks).sum(dim=0)
    is_present = n_true > 0
    # 2 TP / (2 TP + FP + FN) is 2 TP / (predicted + true).
    f1 = 2 * true_positives / torch.where(is_present, n_predicted + n_true, torch.ones_like(n_true))
    loss = 1 - (f1 * is_present).sum() / is_present.sum().clamp_min(1)
    return torch.where(share > 0, loss, torch.zeros_like(loss)), sample_weights
