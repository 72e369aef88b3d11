"""Trained heads answered by the nearest training images: their embeddings remembered, their confidence matched."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from podium.engine import autocast
from podium.engine.memory import run_in_pieces
from podium.linear import NearestLayer
from podium.linear.nearest_layer import FARTHEST, make_prototypes, nearest_cosines, sets_of
from podium.models import Classifier, LinearHeads
from podium.recipe import Recipe
from podium.stopping import StopRequest
from podium.training.fitting import LabelledRows
from podium.training.inputs import Inputs

__all__ = ["match_confidence", "remember_training_images"]

_CHUNK = 1024
_STEPS = 60


def remember_training_images(
    recipe: Recipe, model: Classifier | LinearHeads, inputs: Inputs, train: LabelledRows, *, stop: StopRequest
) -> None:
    """Fill the nearest layers of a trained model, where its recipe has `model.nearest`.

    Nothing but the rows that the model was trained on is looked at. Cosines have no scale of their own: they get the
    one with which the training images are answered as surely, on average, as by the head.

    Args:
        recipe: The recipe.
        model: The model, with the weights that predict; changed in place.
        inputs: What it was trained on.
        train: Rows that it was trained on, with their labels.
        stop: Asked before every batch.

    Raises:
        Stopped: If it was asked for; nothing has changed then.
    """
    heads = model.heads if isinstance(model, Classifier) else model
    if recipe.model.nearest is None or not len(heads.nearest):
        return
    embeddings, logits = _embed(recipe, model, heads, inputs, train, stop)
    for head, key in zip(heads.task.heads, heads.layers, strict=True):
        if key not in heads.nearest:
            continue
        labels = torch.from_numpy(np.asarray(train.labels[head.name], dtype=np.int64))
        known = torch.nonzero(labels >= 0)[:, 0]
        if len(known):
            layer = heads.nearest[key]
            assert isinstance(layer, NearestLayer)
            _fill(layer, embeddings[known], labels[known], logits[head.name][known], recipe.model.nearest)


@torch.no_grad()
def _embed(
    recipe: Recipe,
    model: Classifier | LinearHeads,
    heads: LinearHeads,
    inputs: Inputs,
    train: LabelledRows,
    stop: StopRequest,
) -> tuple[Tensor, dict[str, Tensor]]:
    """What the heads see of every training row (N, D), and what they answer (N, C) each, on the CPU."""
    device, rows = heads.feature_mean.device, list[Tensor]()
    answers: dict[str, list[Tensor]] = {head.name: [] for head in heads.task.heads}

    def embed(images: Tensor) -> Tensor:
        given = images.to(device)
        return heads.standardise(model.features(given) if isinstance(model, Classifier) else given)

    model.eval()
    with autocast(device, str(recipe.training.precision)):
        for batch in stop.watch(inputs.eval_batches(train.rows, recipe.predict_views[0])):
            for seen in run_in_pieces(embed, batch.images):
                rows.append(seen.float().cpu())
                for name, values in heads.answer(seen).items():
                    answers[name].append(values.float().cpu())
    return torch.cat(rows), {name: torch.cat(values) for name, values in answers.items()}


@torch.no_grad()
def _fill(layer: NearestLayer, rows: Tensor, labels: Tensor, logits: Tensor, nearest: int | str) -> None:
    directions, n_classes = functional.normalize(rows, dim=1), logits.shape[1]
    marks = functional.one_hot(labels, n_classes).to(torch.int8)
    if nearest == "prototypes":
        kept, kept_marks = make_prototypes(directions, marks, is_multi=False)
        scores = nearest_cosines(directions @ kept.T, sets_of(kept_marks, is_multi=False), [1], is_multi=False)[0]
        count = 1
    else:
        kept, kept_marks, count = directions, marks, int(nearest)
        scores = _scores_beside_others(directions, marks, count)
    slope = match_confidence(scores, float(logits.softmax(dim=1).amax(dim=1).double().mean()))
    layer.remember(kept, kept_marks, count, torch.tensor(slope), torch.tensor(0.0))


def _scores_beside_others(directions: Tensor, marks: Tensor, count: int) -> Tensor:
    """The score of every class for each row, the row itself not being among its neighbours."""
    sets, found = sets_of(marks, is_multi=False), []
    for start in range(0, len(directions), _CHUNK):
        piece = directions[start : start + _CHUNK]
        cosines = piece @ directions.T
        cosines[torch.arange(len(piece)), torch.arange(start, start + len(piece))] = FARTHEST
        found += nearest_cosines(cosines, sets, [count], is_multi=False)
    return torch.cat(found)


def match_confidence(scores: Tensor, wanted: float) -> float:
    """The factor with which the mean largest probability of softmax(factor x scores) is as wanted.

    Example:
        >>> round(match_confidence(torch.tensor([[1.0, 0.0]]), 0.731059), 3)
        1.0
    """
    low, high = -4.0, 4.0  # powers of ten
    precise = scores.double()
    for _ in range(_STEPS):
        middle = (low + high) / 2
        mean = float((10**middle * precise).softmax(dim=1).amax(dim=1).mean())
        low, high = (middle, high) if mean < wanted else (low, middle)
    return float(10 ** ((low + high) / 2))
