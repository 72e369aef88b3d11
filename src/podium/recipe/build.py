"""The one place that knows every model, loss, optimizer and schedule by name: a recipe becomes a training's parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.engine import Parts, Sam, seed_torch
from podium.engine.compiled_steps import compile_forward
from podium.errors import UsageError
from podium.listing import count_of
from podium.models import (
    Backbone,
    Classifier,
    DepthReader,
    Ema,
    GreedySoup,
    LinearHeads,
    Soup,
    StagedUnfreezing,
    add_lora,
    build_backbone,
    freeze_backbone,
    freeze_blocks,
    read_depths,
)
from podium.models.layer_order import count_layers
from podium.models.staged_unfreezing import last_joining_epoch
from podium.recipe.arrangement import arrange
from podium.recipe.build_heads import build_heads
from podium.recipe.build_losses import build_objective
from podium.recipe.build_optimizers import build_optimizer_of, check_optimizer, make_parameter_groups
from podium.recipe.build_schedules import build_reduction, build_schedule
from podium.recipe.check_layers import check_layers
from podium.recipe.check_losses import check_losses
from podium.recipe.feature_spec import FeatureSpec
from podium.recipe.recipe import Recipe
from podium.recipe.training_spec import TrainingSpec
from podium.tables import Task

__all__ = [
    "build_backbone_of",
    "build_model",
    "build_parts",
    "check_buildable",
    "normalise_as",
    "settle_features",
]

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
        seed_torch(recipe.seed, 1)
    drop_path_rate = recipe.model.drop_path_rate
    backbone = build_backbone(
        recipe.model.name,
        source,
        recipe.image.sides,
        drop_path_rate=drop_path_rate,
        act_layer=recipe.model.act_layer,
        pooling=recipe.model.pooling,
        n_features=n_features,
    )
    backbone = normalise_as(recipe, backbone)
    if recipe.model.freeze != "backbone" or recipe.features.depths == "last":
        return backbone
    return read_depths(backbone, recipe.features.depths, recipe.features.statistics, recipe.image.sides)


def settle_features(recipe: Recipe, model: Classifier) -> Recipe:
    """The recipe with the depths and statistics that its model reads in place of "auto".

    Args:
        recipe: A resolved recipe.
        model: The model that `check_buildable` built of it.
    """
    reader = model.backbone
    if recipe.model.freeze != "backbone":
        return recipe
    features = FeatureSpec()  # where blocks cannot be read
    if isinstance(reader, DepthReader):
        depths = reader.depths if recipe.features.depths == "auto" else recipe.features.depths
        features = FeatureSpec(depths=depths, statistics=reader.statistics)
    return recipe.model_copy(update={"features": features})


def normalise_as(recipe: Recipe, backbone: Backbone) -> Backbone:
    """The backbone with the recipe's mean and deviation in place of those of its weights, where it has numbers."""
    own = {"mean": recipe.image.mean, "std": recipe.image.std}
    return replace(backbone, **{name: value for name, value in own.items() if isinstance(value, tuple)})  # type: ignore[arg-type]


def build_model(recipe: Recipe, backbone: Backbone, task: Task, *, seed: int) -> Classifier:
    """The model of one training: backbone, fresh heads, and what the recipe freezes frozen."""
    seed_torch(seed, 0)
    model = Classifier(backbone, task, heads=build_heads(recipe, task, backbone.n_features))
    if recipe.training.layout != "auto":
        model.lay_out(recipe.training.layout)
    if recipe.model.freeze == "blocks":
        freeze_blocks(model, recipe.model.frozen_blocks)
    elif recipe.model.freeze == "backbone":
        freeze_backbone(model)
    elif recipe.model.freeze == "lora":
        spec = recipe.model
        add_lora(
            model.backbone,
            spec.lora_rank,
            alpha=spec.lora_alpha,
            dropout=spec.lora_dropout,
            trains_norms=spec.lora_norms,
        )
    return model


def check_buildable(recipe: Recipe, task: Task) -> tuple[Backbone, Classifier]:
    """Build what a recipe names, at once: a wrong name or a missing weight file costs seconds, not a decoding.

    Args:
        recipe: A resolved recipe.
        task: What will be learnt.

    Returns:
        The backbone, and the model of the first part on it, with their start weights.

    Raises:
        UnknownNameError: If the model, the optimizer, or a head or class that losses or layers name does not
            exist.
        RecipeError: If a head's own loss or layer is for another kind of head.
        UsageError: If the model cannot be built with these options.
        WeightsError: If its weights cannot be found or do not fit.
    """
    parts = arrange(task, recipe.model.arrangement)
    heads = [head for part in parts.values() for head in part.heads]
    check_losses(recipe.loss, heads)
    check_layers(recipe.model, heads)
    check_optimizer(recipe.optimizer)
    backbone = build_backbone_of(recipe)
    _check_unfreezing(recipe, backbone)
    model = build_model(recipe, backbone, next(iter(parts.values())), seed=recipe.seed)
    if recipe.model.freeze == "lora" and recipe.model.lora_dropout:
        with torch.no_grad():  # raises where a network reads weights in place of calling layers
            model.eval()(torch.zeros(1, *recipe.image.sides, 3, dtype=torch.uint8))
    return backbone, model


def _check_unfreezing(recipe: Recipe, backbone: Backbone) -> None:
    after, every, epochs = recipe.model.unfreeze_after, recipe.model.unfreeze_every, recipe.training.epochs
    if after is None:
        return
    n_blocks = count_layers(backbone.module, is_coarse=True)
    last = last_joining_epoch(n_blocks=n_blocks, n_always=_n_frozen(recipe), after=after, every=every)
    if last >= epochs:
        raise UsageError(
            f"model.unfreeze_every={every}: the last of {count_of(n_blocks - _n_frozen(recipe), 'block')} would join"
            f" after {last} epochs, and training.epochs={epochs}.",
            fix="Train longer, choose a smaller model.unfreeze_every or null, or freeze more (model.freeze=blocks).",
        )


def _n_frozen(recipe: Recipe) -> int:
    """Blocks that never train, counted from the image."""
    return recipe.model.frozen_blocks if recipe.model.freeze == "blocks" else 0


def _build_unfreezing(recipe: Recipe, model: Classifier | LinearHeads) -> StagedUnfreezing | None:
    after = recipe.model.unfreeze_after
    if after is None or not isinstance(model, Classifier):
        return None
    groups_of = partial(make_parameter_groups, recipe.optimizer)
    every = recipe.model.unfreeze_every
    return StagedUnfreezing(model, n_always=_n_frozen(recipe), after=after, every=every, groups_of=groups_of)


def _build_soup(training: TrainingSpec) -> Soup | GreedySoup | None:
    if training.soup_epochs is None:
        return None
    return (GreedySoup if training.soup_choice == "greedy" else Soup)(training.soup_epochs)


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
    training, rho = recipe.training, recipe.optimizer.sam_rho
    unfreezing = _build_unfreezing(recipe, model)  # freezes what the optimizer must not know yet
    return Parts(
        model=model,
        objective=build_objective(recipe.loss, task, labels, device, model=recipe.model),
        forward=compile_forward(model) if training.compile == "inductor" else None,
        optimizer=build_optimizer_of(recipe.optimizer, model),
        schedule=build_schedule(recipe, n_steps=n_steps, steps_per_epoch=steps_per_epoch),
        reduction=build_reduction(recipe, score_name=score_name, greater_is_better=greater_is_better),
        lr=recipe.optimizer.lr,
        score=score,
        score_name=score_name,
        greater_is_better=greater_is_better,
        seed=seed,
        device=device,
        precision=training.precision,
        micro_batch=training.micro_batch,
        clip_norm=training.clip_norm,
        sam=None if rho is None else Sam(rho, adaptive=recipe.optimizer.sam_adaptive),
        unfreezing=unfreezing,
        average=None if training.ema_decay is None else Ema(model, decay=training.ema_decay),
        soup=_build_soup(training),
        scaler=torch.amp.GradScaler(device.type) if training.precision == "fp16" else None,
    )
