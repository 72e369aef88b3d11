"""One fitting: which weights predict, and which metric chooses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from podium.engine import Checkpoints, TrainState
from podium.recipe import Recipe
from podium.stopping import StopRequest
from podium.tables import Head, Task, as_text_array
from podium.training.fitting import LabelledRows, prepare_fitting, select_metric
from podium.training.inputs import FeatureInputs
from tiny.contest import AGE, MASK, TAGS, make_recipe

CPU = torch.device("cpu")
TASK = Task((Head("kind", "single", ("a", "b")),))


def fit(recipe: Recipe, metric: str) -> tuple[TrainState, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 40)
    features = (rng.normal(size=(1, 40, 6)) + labels[None, :, None]).astype(np.float32)
    inputs = FeatureInputs(recipe, features)
    ids = as_text_array([str(row) for row in range(40)])
    train, valid = (LabelledRows(rows, ids[rows], {"kind": labels[rows]}) for rows in np.split(np.arange(40), [30]))
    model = inputs.build_model(TASK, train.rows, seed=0)
    fitting = prepare_fitting(recipe, TASK, model, inputs, train, valid, metric=metric, seed=0, device=CPU)
    state = TrainState()
    return state, fitting.run(state, Checkpoints(Path(), every_s=float("inf")), StopRequest())


def recipe(*lines: str) -> Recipe:
    return make_recipe(
        "feature_views=[plain]", "predict_views=[plain]", "optimizer.lr=0.5", "training.epochs=6", *lines
    )


@pytest.mark.parametrize(("metric", "best"), [("log_loss", np.argmin), ("accuracy", np.argmax)])
def test_the_best_weights_are_those_of_the_best_epoch(metric: str, best: object) -> None:
    state, weights = fit(recipe("schedule.kind=constant", "training.select=best"), metric)
    scores = [epoch.scores["kind"] for epoch in state.history]
    assert callable(best)
    assert state.best_epoch == best(scores)
    _, shorter = fit(recipe("schedule.kind=constant", f"training.epochs={state.best_epoch + 1}"), metric)
    assert all(torch.equal(value, shorter[name]) for name, value in weights.items())


def test_patience_ends_it_early() -> None:
    state, _ = fit(recipe("schedule.kind=constant", "training.epochs=50", "training.patience=2"), "log_loss")
    assert state.epoch == state.best_epoch + 3 < 50


def test_the_metric_is_for_models_of_its_kind() -> None:
    whole = Task((MASK, AGE, TAGS))
    recipe = make_recipe("metric=accuracy")
    assert select_metric(recipe, whole, Task((MASK,))) == "accuracy"
    assert select_metric(recipe, whole, Task((AGE,))) is None
    assert select_metric(recipe, whole, Task((TAGS,))) is None
