"""Fine-tuning from the linear probe: heads that are solved on the frozen features first, as `head.kind=auto` does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from podium.engine import Batch
from podium.models import Classifier, LinearHeads
from podium.recipe import Recipe, baseline
from podium.recipe.head_spec import AutoHead
from podium.stopping import StopRequest
from podium.training.fitting import LabelledRows
from podium.training.inputs import FeatureInputs, Inputs
from podium.training.solving import solve_heads

__all__ = ["start_heads"]


def start_heads(
    recipe: Recipe,
    model: Classifier | LinearHeads,
    inputs: Inputs,
    train: LabelledRows,
    *,
    seed: int,
    stop: StopRequest,
) -> None:
    """Set the heads of a fresh model to where the recipe's `model.head_start` lets them start.

    "probe" fits them on the features that the start weights give of the training rows, plain and in evaluation mode,
    with the class weights of the recipe's loss. Rows to validate on are not looked at.

    Args:
        recipe: A recipe in which nothing is "auto".
        model: From `inputs.build_model`, on its device; changed in place.
        inputs: What it is trained on.
        train: The rows that it will be trained on.
        seed: Seed of the training.
        stop: Asked before every batch of features, and between two candidates.

    Source:
        Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution": LP-FT.
    """
    if recipe.model.head_start == "random" or not isinstance(model, Classifier):
        return
    features = _features(model, stop.watch(inputs.eval_batches(train.rows, recipe.predict_views[0])))
    heads = _fit(recipe, model, features.cpu(), train, seed=seed, stop=stop)
    _take_over(model.heads, heads)


def _features(model: Classifier, batches: Iterable[Batch]) -> Tensor:
    """Features of every row, float32 (n, D)."""
    model.eval()
    device = model.mean.device
    with torch.inference_mode():
        pieces = [model.features(batch.images.to(device)).float() for batch in batches]
    return torch.cat(pieces)


def _fit(
    recipe: Recipe, model: Classifier, features: Tensor, train: LabelledRows, *, seed: int, stop: StopRequest
) -> LinearHeads:
    views = {"feature_views": ("plain",), "predict_views": ("plain",)}
    plain = baseline().model_copy(update={"head": AutoHead(), "loss": recipe.loss, **views})
    inputs, rows = FeatureInputs(plain, features.numpy()[None]), np.arange(len(features))
    heads = inputs.build_model(model.task, rows, seed=seed)
    solve_heads(plain, model.task, heads, inputs, replace(train, rows=rows), metric=None, seed=seed, stop=stop)
    return heads


@torch.no_grad()
def _take_over(heads: LinearHeads, fitted: LinearHeads) -> None:
    """The fitted layers, with their standardisation of the features folded in: W / s and b - W m / s."""
    mean, scale = fitted.feature_mean.double(), fitted.feature_scale.double()
    for mine, theirs in zip(heads.layers.values(), fitted.layers.values(), strict=True):
        assert isinstance(mine, nn.Linear)
        assert isinstance(theirs, nn.Linear)
        weight = theirs.weight.double() / scale
        mine.weight.copy_(weight)
        mine.bias.copy_(theirs.bias.double() - weight @ mean)
