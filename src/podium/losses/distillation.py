"""Distillation loss: how far a student's answers are from a teacher's, at a temperature."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from podium.losses.binary_cross_entropy import mean_over_known
from podium.losses.targets import make_binary_target, make_class_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["distillation", "distillation_per_sample", "soften_probs"]


def distillation(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, temperature: float = 2.0, is_multi: bool = False
) -> Tensor:
    """Mean distillation loss of a batch, a scalar; the arguments are those of `distillation_per_sample`.

    Example:
        >>> distillation(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]))
        tensor(0.)
    """
    return weighted_mean(*distillation_per_sample(logits, target, weight, temperature=temperature, is_multi=is_multi))


def distillation_per_sample(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, temperature: float = 2.0, is_multi: bool = False
) -> tuple[Tensor, Tensor]:
    """T^2 KL(teacher || student at temperature T) of every sample, and its weight in the mean.

    The square keeps the gradient's size whatever the temperature. With several labels per image it is the mean over
    the labels, each a distribution of two classes.

    Args:
        logits: The student's, shape (N, C).
        target: The teacher's probabilities (N, C), softened by `soften_probs` already, negative where missing; or
            labels, as other losses take them.
        weight: Weight of each sample, shape (N,).
        temperature: T, above 0.
        is_multi: Whether every class is a label of its own, a sigmoid and no softmax.

    Returns:
        Values (N,) and weights (N,); missing rows have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2.
    """
    square = temperature**2
    if is_multi:
        marks, known = make_binary_target(logits, target)
        scaled = logits.to(marks.dtype) / temperature
        cross = functional.binary_cross_entropy_with_logits(scaled, marks, reduction="none")
        entropy = -torch.xlogy(marks, marks) - torch.xlogy(1 - marks, 1 - marks)
        return mean_over_known(square * (cross - entropy), known, weight)
    probs, is_known = make_class_target(logits, target)
    log_student = functional.log_softmax(logits.to(probs.dtype) / temperature, dim=1)
    values = square * (torch.xlogy(probs, probs) - probs * log_student).sum(dim=1)
    return torch.where(is_known, values, torch.zeros_like(values)), scale_weights(is_known.to(probs.dtype), weight)


def soften_probs(probs: NDArray[np.float64], temperature: float, *, is_multi: bool) -> NDArray[np.float64]:
    """Probabilities as their logits divided by the temperature would give them, shape (N, C).

    Args:
        probs: Shape (N, C), in [0, 1].
        temperature: T, above 0.
        is_multi: Whether every class is a label of its own.

    Example:
        >>> soften_probs(np.array([[0.9, 0.1]]), 2.0, is_multi=False).round(3).tolist()
        [[0.75, 0.25]]
    """
    scaled = np.asarray(probs, dtype=np.float64).clip(0, 1)
    scaled = (scaled / scaled.max(axis=1, keepdims=True)) ** (1 / temperature) if not is_multi else scaled
    if not is_multi:
        return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))
    yes, no = scaled ** (1 / temperature), (1 - scaled) ** (1 / temperature)
    return np.asarray(yes / (yes + no))
