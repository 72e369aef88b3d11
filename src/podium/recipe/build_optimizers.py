"""A recipe's optimizer on the parameters of a model."""

from __future__ import annotations

from typing import Any

import torch

from podium.models import Classifier, LinearHeads, parameter_groups
from podium.optim import build_optimizer
from podium.recipe.optimizer_spec import OptimizerSpec

__all__ = ["build_optimizer_of", "check_optimizer", "make_parameter_groups"]


def build_optimizer_of(spec: OptimizerSpec, model: Classifier | LinearHeads) -> torch.optim.Optimizer:
    """The optimizer, with the parameter groups that a recipe asks for."""
    return _build(spec, make_parameter_groups(spec, model))


def check_optimizer(spec: OptimizerSpec) -> None:
    """Build it for one weight, which shows whether it exists and takes these options.

    Raises:
        UnknownNameError: If it does not exist.
        UsageError: If it does not take them.
    """
    group = {"params": [torch.nn.Parameter(torch.zeros(1, 1))]}
    _build(spec, [group])


def _build(spec: OptimizerSpec, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    return build_optimizer(
        spec.name,
        groups,
        spec.lr,
        weight_decay=spec.weight_decay,
        momentum=spec.momentum,
        betas=spec.betas,
        eps=spec.eps,
        nesterov=spec.nesterov,
    )


def make_parameter_groups(spec: OptimizerSpec, model: Classifier | LinearHeads) -> list[dict[str, Any]]:
    """The parameters that are not frozen, by learning rate and weight decay."""
    if isinstance(model, Classifier):
        return parameter_groups(
            model, spec.lr, spec.weight_decay, head_lr_factor=spec.head_lr_factor, layer_decay=spec.layer_decay
        )
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    common = {"lr": spec.lr, "initial_lr": spec.lr}
    return [
        {"params": matrices, "weight_decay": spec.weight_decay, **common},
        {"params": biases, "weight_decay": 0.0, **common},
    ]
