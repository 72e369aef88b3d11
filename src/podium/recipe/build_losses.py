"""A recipe's losses become the objective of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.engine import HeadObjective, Objective
from podium.losses import (
    asymmetric_per_sample,
    balanced_class_weights,
    binary_cross_entropy_per_sample,
    cross_entropy_per_sample,
    focal_per_sample,
    positive_weights,
)
from podium.recipe.loss_spec import (
    AsymmetricSpec,
    BinaryCrossEntropySpec,
    CrossEntropySpec,
    FocalSpec,
    LossSpec,
)
from podium.tables import Head, Task

__all__ = ["build_objective"]

Labels = Mapping[str, NDArray[np.integer[Any]]]


def build_objective(spec: LossSpec, task: Task, labels: Labels, device: torch.device) -> Objective:
    """The loss of every head of a task.

    Args:
        spec: The recipe's losses.
        task: The heads.
        labels: Labels of the training samples by head name, for class weights.
        device: Where the weights go.
    """
    heads = {}
    for head in task.heads:
        loss = (
            _multi_loss(spec, labels[head.name], device)
            if head.is_multi
            else _single_loss(spec, head, labels[head.name], device)
        )
        heads[head.name] = HeadObjective(loss, spec.head_weights.get(head.name, 1.0))
    return Objective(heads)


def _single_loss(
    spec: LossSpec, head: Head, labels: NDArray[np.integer[Any]], device: torch.device
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    def balanced(choice: Literal["none", "balanced"]) -> Tensor | None:
        if choice == "none":
            return None
        weights = balanced_class_weights(labels, head.n_classes)
        return torch.as_tensor(weights, dtype=torch.float32, device=device)

    match spec.single:
        case CrossEntropySpec(label_smoothing=smoothing, class_weights=choice):
            return partial(cross_entropy_per_sample, class_weights=balanced(choice), label_smoothing=smoothing)
        case FocalSpec(gamma=gamma, class_weights=choice):
            return partial(focal_per_sample, gamma=gamma, class_weights=balanced(choice))


def _multi_loss(
    spec: LossSpec, labels: NDArray[np.integer[Any]], device: torch.device
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    def balanced(choice: Literal["none", "balanced"]) -> Tensor | None:
        if choice == "none":
            return None
        return torch.as_tensor(positive_weights(labels), dtype=torch.float32, device=device)

    match spec.multi:
        case BinaryCrossEntropySpec(label_smoothing=smoothing, positive_weights=choice):
            return partial(binary_cross_entropy_per_sample, pos_weight=balanced(choice), label_smoothing=smoothing)
        case AsymmetricSpec(gamma_negative=negative, gamma_positive=positive, clip=clip):
            return partial(asymmetric_per_sample, gamma_negative=negative, gamma_positive=positive, clip=clip)
