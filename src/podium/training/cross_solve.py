"""Heads on frozen features solved for every fold of any division: a cross-validation in seconds that writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data import StoredImages
from podium.decisions import complete_probs
from podium.engine import mix_seed
from podium.machine import Progress, Settings
from podium.recipe import Recipe, arrange, baseline, check_buildable, settle_features
from podium.recipe.border_targets import treat_borders
from podium.recipe.feature_spec import FeatureSpec
from podium.recipe.head_spec import AutoHead
from podium.recipe.layer_spec import LinearLayer
from podium.recipe.model_spec import ModelSpec
from podium.stopping import StopRequest
from podium.tables import Folds, Predictions, Samples, Task
from podium.training.autotune import resolve_without_autotune
from podium.training.fitting import label_rows, select_metric
from podium.training.inputs import FeatureInputs
from podium.training.make_inputs import make_inputs
from podium.training.mean_over_views import mean_over_views
from podium.training.solving import solve_heads

__all__ = ["cross_solve", "frozen_recipe", "make_frozen_inputs"]


def frozen_recipe(recipe: Recipe, task: Task, device: torch.device) -> Recipe:
    """The recipe itself where its heads are solved; else solved heads on its frozen network, at its image size.

    Args:
        recipe: A resolved recipe.
        task: What is learnt.
        device: Where it is computed.
    """
    if recipe.is_solved:
        return recipe
    if recipe.model.freeze == "backbone":
        linear = recipe.model.model_copy(update={"ordinal": "softmax", "layer": LinearLayer(), "layers": {}})
        return recipe.model_copy(update={"model": linear, "head": AutoHead(), "loss": baseline().loss})
    spec = recipe.model
    model = ModelSpec(
        name=spec.name, weights=spec.weights, act_layer=spec.act_layer, arrangement=spec.arrangement, freeze="backbone"
    )
    plain = {"feature_views": ("plain",), "predict_views": ("plain",), "features": FeatureSpec(depths="auto")}
    changes = {"model": model, "image": recipe.image, "seed": recipe.seed, "metric": recipe.metric}
    frozen = resolve_without_autotune(baseline().model_copy(update=plain | changes), device)
    return settle_features(frozen, check_buildable(frozen, task)[1])


def make_frozen_inputs(
    recipe: Recipe,
    task: Task,
    images: StoredImages,
    device: torch.device,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
    *,
    backbone_folder: Path | None,
) -> FeatureInputs:
    """Features by a recipe of `frozen_recipe`: those of the cache, or computed now.

    Args:
        recipe: The recipe.
        task: What is learnt.
        images: The decoded images.
        device: Where it is computed.
        settings: Places and threads.
        progress: Receives the progress of what is computed.
        stop: Asked before every batch.
        backbone_folder: Where a run with a frozen backbone keeps it; None builds it anew.
    """
    inputs = make_inputs(recipe, task, images, device, settings, progress, backbone_folder=backbone_folder, stop=stop)
    assert isinstance(inputs, FeatureInputs), "the recipe freezes its backbone"
    return inputs


def cross_solve(
    recipe: Recipe,
    samples: Samples,
    folds: Folds,
    inputs: FeatureInputs,
    input_rows: NDArray[np.int64],
    device: torch.device,
    stop: StopRequest,
    *,
    only: Sequence[int] | None = None,
    is_learnt: NDArray[np.bool_] | None = None,
) -> Predictions:
    """Out-of-fold predictions of solved heads, of every sample that a fold validates.

    Args:
        recipe: A recipe whose heads are solved.
        samples: Samples with labels; kind and strength of a head are chosen with their groups kept whole.
        folds: Their folds, in the same order.
        inputs: The features.
        input_rows: Row of each sample in the inputs, shape (N,).
        device: Where it is computed.
        stop: Asked between two candidates.
        only: Folds to solve; None solves all.
        is_learnt: Samples that heads may learn from, shape (N,); None takes all in the training part of each fold.
    """
    numbers = range(folds.n_folds) if only is None else only
    taught = np.ones(len(samples), dtype=bool) if is_learnt is None else is_learnt
    parts = [_solve_fold(recipe, samples, folds, fold, inputs, input_rows, device, stop, taught) for fold in numbers]
    rows = np.concatenate([folds.valid_rows(fold) for fold in numbers])
    probs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    assert samples.task is not None, "samples to train on have labels"
    return Predictions(samples.task, samples.ids[rows], folds.fold[rows], probs)


def _solve_fold(
    recipe: Recipe,
    samples: Samples,
    folds: Folds,
    fold: int,
    inputs: FeatureInputs,
    input_rows: NDArray[np.int64],
    device: torch.device,
    stop: StopRequest,
    is_learnt: NDArray[np.bool_],
) -> dict[str, NDArray[np.float64]]:
    """Probabilities of the fold's valid samples, of every target."""
    task = samples.task
    assert task is not None, "samples to train on have labels"
    train, valid = folds.train_rows(fold), input_rows[folds.valid_rows(fold)]
    train = train[is_learnt[train]]
    probs: dict[str, NDArray[np.float64]] = {}
    for place, part in enumerate(arrange(task, recipe.model.arrangement).values()):
        seed = mix_seed(recipe.seed, fold, place)
        model = inputs.build_model(part, input_rows[train], seed=seed).to(device)
        rows = label_rows(treat_borders(samples, recipe.borders), train, input_rows[train])
        solve_heads(recipe, part, model, inputs, rows, metric=select_metric(recipe, task, part), seed=seed, stop=stop)
        probs |= mean_over_views(
            model, lambda view: stop.watch(inputs.eval_batches(valid, view)), recipe.predict_views, part, device=device
        )
    return complete_probs(probs, task)
