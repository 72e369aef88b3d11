"""Heads on frozen features solved in one go: what is chosen, inside the training part alone, and the weights."""

from __future__ import annotations

import numpy as np
import torch

from podium.engine import mix_seed
from podium.linear import (
    HEAD_KINDS,
    HeadProblem,
    HeadWish,
    NearestLayer,
    NearestWish,
    SolvedHead,
    SolvedNearest,
    solve_head,
    solve_nearest,
)
from podium.metrics import default_metric
from podium.metrics import metric as find_metric
from podium.models import LinearHeads
from podium.recipe import Recipe, make_label_weights
from podium.recipe.head_spec import HeadSpec, LdaHead, LogisticHead, NearestHead, RidgeHead
from podium.stopping import StopRequest
from podium.tables import Head, Task
from podium.training.fitting import LabelledRows
from podium.training.inner_parts import deal_inner_parts
from podium.training.inputs import FeatureInputs

__all__ = ["solve_heads"]

FEWEST = 4
"""Samples below which nothing is chosen."""


def solve_heads(
    recipe: Recipe,
    task: Task,
    model: LinearHeads,
    inputs: FeatureInputs,
    train: LabelledRows,
    *,
    metric: str | None,
    seed: int,
    stop: StopRequest,
) -> dict[str, SolvedHead | SolvedNearest]:
    """Solve every head by itself, and put it into the model.

    Args:
        recipe: A recipe whose heads are solved.
        task: The heads of this model.
        model: From `inputs.build_model`, which standardises by the training rows.
        inputs: The features.
        train: Rows to train on; no other row is looked at.
        metric: The metric that chooses, for the heads that it fits; None takes each head's default.
        seed: Seed of this training.
        stop: Asked between two candidates.

    Returns:
        What was chosen, by head name. A head without a label has no entry, and says that all classes are alike.

    Raises:
        Stopped: If it was asked for; nothing is kept, for a resume takes seconds.
    """
    solved: dict[str, SolvedHead | SolvedNearest] = {}
    for place, (head, layer) in enumerate(zip(task.heads, model.layers.values(), strict=True)):
        problem = _pose(recipe, head, model, inputs, train, metric, mix_seed(seed, place))
        if isinstance(layer, NearestLayer):
            if problem is not None:  # else it has no rows, and all classes are as far
                nearest = solved[head.name] = solve_nearest(problem, _wish_of_neighbours(recipe.head), stop)
                nearest.remember_in(layer)
            continue
        assert isinstance(layer, torch.nn.Linear)
        if problem is None:
            weights, biases = torch.zeros_like(layer.weight), torch.zeros_like(layer.bias)
        else:
            linear = solved[head.name] = solve_head(problem, _wish(recipe.head), stop)
            weights, biases = linear.weights.T, linear.biases
        with torch.no_grad():
            layer.weight.copy_(weights)
            layer.bias.copy_(biases)
    return solved


def _wish_of_neighbours(spec: HeadSpec) -> NearestWish:
    assert isinstance(spec, NearestHead)
    return NearestWish(
        None if spec.neighbours == "auto" else spec.neighbours,
        None if spec.temperature == "auto" else spec.temperature,
    )


def _pose(
    recipe: Recipe,
    head: Head,
    model: LinearHeads,
    inputs: FeatureInputs,
    train: LabelledRows,
    metric: str | None,
    seed: int,
) -> HeadProblem | None:
    """The problem of a head; None where no sample has a label."""
    labels = train.labels[head.name]
    rows = np.flatnonzero((labels >= 0).any(axis=1) if head.is_multi else labels >= 0)
    if not len(rows):
        return None
    labels = labels[rows]
    soft, weights = train.soft.get(head.name), train.loss_weights
    fits = metric is not None and find_metric(metric).fits(head)
    part = None
    if len(rows) >= FEWEST and (head.is_multi or len(np.unique(labels)) > 1):
        part = deal_inner_parts(head, train.ids[rows], train.group_keys[rows], labels, model.n_features, seed=seed)
    return HeadProblem(
        head,
        inputs.feature_rows(model, train.rows[rows]),
        labels,
        part,
        make_label_weights(recipe.loss.of(head), head, labels),
        metric if fits and metric is not None else default_metric(head),
        soft=None if soft is None else soft[rows],
        sample_weights=None if weights is None else weights[rows],
    )


def _wish(spec: HeadSpec) -> HeadWish:
    match spec:
        case LogisticHead(C=strength):
            return HeadWish(("logistic",), None if strength == "auto" else strength)
        case LdaHead(shrinkage=strength):
            return HeadWish(("lda",), None if strength == "auto" else strength)
        case RidgeHead(alpha=strength):
            return HeadWish(("ridge",), None if strength == "auto" else strength)
        case _:
            return HeadWish(HEAD_KINDS)
