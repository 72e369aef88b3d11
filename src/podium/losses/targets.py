"""Labels in all their forms, as the two that losses compute with: class distributions, and marks for each label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["make_binary_target", "make_class_target", "scale_weights"]


def make_class_target(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Class probabilities (N, C) that sum to 1 in every row, and which rows have a label (N,), bool.

    Args:
        logits: Shape (N, C), for the number of classes and the dtype.
        target: Class numbers (N,), -1 where missing; or probabilities (N, C), a row missing where any entry is
            negative.

    Returns:
        The target in float32, or float64 for float64 logits; rows without a label hold zeros.

    Raises:
        ValueError: If shapes do not fit.
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)
    if target.ndim == 1 and target.shape[0] == logits.shape[0] and logits.ndim == 2:
        if target.is_floating_point():
            raise ValueError("class numbers must be integers, got a floating target of shape (N,)")
        is_known = target >= 0
        one_hot = functional.one_hot(target.long().clamp_min(0), logits.shape[1]).to(dtype)
        return one_hot * is_known[:, None], is_known
    if target.shape != logits.shape or logits.ndim != 2:
        raise ValueError(f"logits {tuple(logits.shape)} need a target (N,) or (N, C), got {tuple(target.shape)}")
    is_known = (target >= 0).all(dim=1)
    return target.to(dtype).masked_fill(~is_known[:, None], 0), is_known


def make_binary_target(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """A mark in [0, 1] for every label (N, C), and which labels are known (N, C), bool.

    Args:
        logits: Shape (N, C), for the number of labels and the dtype.
        target: Marks (N, C) of 0 and 1 or between, negative where missing; or class numbers (N,), -1 where missing,
            which become one mark a row.

    Returns:
        The marks in float32, or float64 for float64 logits; unknown labels hold 0.

    Raises:
        ValueError: If shapes do not fit.
    """
    if target.ndim == 1:
        marks, has_label = make_class_target(logits, target)
        return marks, has_label[:, None].expand_as(marks)
    if target.shape != logits.shape or logits.ndim != 2:
        raise ValueError(f"logits {tuple(logits.shape)} need a target (N,) or (N, C), got {tuple(target.shape)}")
    is_known = target >= 0
    return target.to(torch.promote_types(logits.dtype, torch.float32)).masked_fill(~is_known, 0), is_known


def scale_weights(share: Tensor, weight: Tensor | None) -> Tensor:
    """The weight of every sample (N,): the share of it that has labels, times the weight it was given, if any."""
    if weight is None:
        return share
    if weight.shape != share.shape:
        raise ValueError(f"expected one weight per sample, shape {tuple(share.shape)}, got {tuple(weight.shape)}")
    return share * weight.to(share.dtype)
