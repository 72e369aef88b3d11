"""The one place that knows every model, loss, optimizer and schedule by name: a recipe becomes a training's parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.engine import HeadObjective, Objective, Parts, mix_seed
from podium.errors import UnknownNameError
from podium.losses import (
    asymmetric_per_sample,
    balanced_class_weights,
    binary_cross_entropy_per_sample,
    cross_entropy_per_sample,
    focal_per_sample,
    positive_weights,
)
from podium.models import (
    Backbone,
    Classifier,
    Ema,
    LinearHeads,
    build_backbone,
    freeze_backbone,
    freeze_blocks,
    parameter_groups,
)
from podium.optim import build_optimizer, constant, cosine, one_cycle, step_decay
from podium.recipe.arrangement import arrange
from podium.recipe.recipe import (
    AsymmetricSpec,
    BinaryCrossEntropySpec,
    Cosine,
    CrossEntropySpec,
    FocalSpec,
    LossSpec,
    OneCycle,
    OptimizerSpec,
    Recipe,
    StepDecay,
)
from podium.tables import Head, Task

__all__ = ["build_backbone_of", "build_model", "build_objective", "build_parts", "build_schedule", "check_buildable"]

Labels = Mapping[str, NDArray[np.integer[Any]]]


def build_backbone_of(recipe: Recipe, *, weights: str | None = None, n_features: int | None = None) -> Backbone:
    """The backbone that a resolved recipe names.

    Args:
        recipe: A resolved recipe.
        weights: Where to take weights from instead of the recipe's; "random" when a saved state follows.
        n_features: Number of its features, where that is known.
    """
    source = recipe.model.weights if weights is None else weights
    if source == "random":
        torch.manual_seed(mix_seed(recipe.seed, 1))
    drop_path_rate = recipe.model.drop_path_rate
    return build_backbone(
        recipe.model.name, source, recipe.image.sides, drop_path_rate=drop_path_rate, n_features=n_features
    )


def build_model(recipe: Recipe, backbone: Backbone, task: Task, *, seed: int) -> Classifier:
    """The model of one training: backbone, fresh heads, and what the recipe freezes frozen."""
    torch.manual_seed(mix_seed(seed, 0))
    model = Classifier(backbone, task, dropout=recipe.model.drop_rate)
    if recipe.training.layout != "auto":
        model.lay_out(recipe.training.layout)
    if recipe.model.freeze == "blocks":
        freeze_blocks(model, recipe.model.frozen_blocks)
    elif recipe.model.freeze == "backbone":
        freeze_backbone(model)
    return model


def check_buildable(recipe: Recipe, task: Task) -> tuple[Backbone, Classifier]:
    """Build what a recipe names, at once: a wrong name or a missing weight file costs seconds, not a decoding.

    Args:
        recipe: A resolved recipe.
        task: What will be learnt.

    Returns:
        The backbone, and the model of the first part on it, with their start weights.

    Raises:
        UnknownNameError: If the model, the optimizer or a weighted head does not exist.
        UsageError: If the model cannot be built with these options.
        WeightsError: If its weights cannot be found or do not fit.
    """
    parts = arrange(task, recipe.model.arrangement)
    names = [head.name for part in parts.values() for head in part.heads]
    for name in set(recipe.loss.head_weights) - set(names):
        raise UnknownNameError("head", name, names, where="loss.head_weights")
    spec = recipe.optimizer
    group = {"params": [torch.nn.Parameter(torch.zeros(1, 1))]}
    build_optimizer(spec.name, [group], spec.lr, weight_decay=spec.weight_decay, momentum=spec.momentum)
    backbone = build_backbone_of(recipe)
    return backbone, build_model(recipe, backbone, next(iter(parts.values())), seed=recipe.seed)


def build_parts(
    recipe: Recipe,
    model: Classifier | LinearHeads,
    task: Task,
    *,
    labels: Labels,
    n_steps: int,
    steps_per_epoch: int,
    score: Callable[[Mapping[str, Any]], Mapping[str, float]],
    score_name: str,
    greater_is_better: bool = True,
    seed: int,
    device: torch.device,
) -> Parts:
    """Everything that one training is made of.

    Args:
        recipe: A resolved recipe.
        model: Images or features to logits of `task`'s heads; already on `device`.
        task: The task of this model.
        labels: Labels of the training samples, for class weights.
        n_steps: Optimizer steps of the whole training.
        steps_per_epoch: Optimizer steps of an epoch.
        score: Logits of the valid samples -> scores by name.
        score_name: The score that chooses the best epoch.
        greater_is_better: Whether that score is.
        seed: Seed of this training.
        device: Where the model is.
    """
    spec = recipe.optimizer
    groups = _parameter_groups(spec, model)
    training = recipe.training
    return Parts(
        model=model,
        objective=build_objective(recipe.loss, task, labels, device),
        optimizer=build_optimizer(spec.name, groups, spec.lr, weight_decay=spec.weight_decay, momentum=spec.momentum),
        schedule=build_schedule(recipe, n_steps=n_steps, steps_per_epoch=steps_per_epoch),
        lr=spec.lr,
        score=score,
        score_name=score_name,
        greater_is_better=greater_is_better,
        seed=seed,
        device=device,
        precision=training.precision,
        micro_batch=training.micro_batch,
        clip_norm=training.clip_norm,
        average=None if training.ema_decay is None else Ema(model, decay=training.ema_decay),
        scaler=torch.amp.GradScaler(device.type) if training.precision == "fp16" else None,
    )


def _parameter_groups(spec: OptimizerSpec, model: Classifier | LinearHeads) -> list[dict[str, Any]]:
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


def build_schedule(recipe: Recipe, *, n_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
    """Step -> factor on the peak learning rate."""
    spec = recipe.schedule
    if isinstance(spec, OneCycle):
        return partial(
            one_cycle,
            n_steps=n_steps,
            warmup_fraction=spec.warmup_fraction,
            start_factor=spec.start_factor,
            end_factor=spec.end_factor,
        )
    if isinstance(spec, Cosine):
        n_warmup = round(spec.warmup_fraction * n_steps)
        return partial(cosine, n_steps=n_steps, n_warmup_steps=n_warmup, end_factor=spec.end_factor)
    if isinstance(spec, StepDecay):
        return partial(step_decay, every=spec.every_epochs * steps_per_epoch, factor=spec.factor)
    return constant


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
