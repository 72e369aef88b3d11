"""One training whose heads are solved: the same files as one in epochs leaves, as if it had been a single epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch

from podium.engine import EpochJudgement, EpochRecord, predict_logits
from podium.linear import SolvedHead, SolvedNearest
from podium.losses import binary_cross_entropy, cross_entropy
from podium.models import LinearHeads
from podium.recipe import Recipe
from podium.stopping import StopRequest
from podium.tables import Task
from podium.training.fitting import LabelledRows
from podium.training.inputs import FeatureInputs
from podium.training.judge import score_rows
from podium.training.solving import solve_heads

__all__ = ["Solved", "train_solved"]


@dataclass(frozen=True)
class Solved:
    """What is known of solved heads.

    Args:
        heads: What was chosen, by head name.
        record: Log loss and scores of all training rows and of the validation rows, as those of an epoch.
    """

    heads: Mapping[str, SolvedHead | SolvedNearest]
    record: EpochRecord


def train_solved(
    recipe: Recipe,
    task: Task,
    model: LinearHeads,
    inputs: FeatureInputs,
    train: LabelledRows,
    valid: LabelledRows | None,
    *,
    metric: str | None,
    seed: int,
    stop: StopRequest,
    device: torch.device,
) -> Solved:
    """Solve the heads of a model, and see how they do.

    Args:
        recipe: A recipe whose heads are solved.
        task: The heads of this model.
        model: From `inputs.build_model`, on the device; its weights are set.
        inputs: What it is trained on.
        train: Rows to train on.
        valid: Rows to score; they take no part in the solution. None scores nothing.
        metric: Metric of the main target; None takes its default.
        seed: Seed of this training.
        stop: Asked between two candidates, and before every batch.
        device: Where the model is.

    Raises:
        Stopped: If it was asked for; the same call solves the same heads.
    """
    heads = solve_heads(recipe, task, model, inputs, train, metric=metric, seed=seed, stop=stop)
    view = recipe.predict_views[0]

    def logits(rows: LabelledRows) -> dict[str, Any]:
        batches = stop.watch(inputs.eval_batches(rows.rows, view))
        return predict_logits(model, batches, device=device, precision=recipe.training.precision)

    def judge(rows: LabelledRows) -> tuple[float, Mapping[str, float]]:
        values = logits(rows)
        scores = score_rows(values, rows.labels, task, metric, rows.bags_of(recipe))
        return _mean_loss(values, rows, task), MappingProxyType(dict(scores))

    if valid is None:
        return Solved(heads, EpochRecord(0, 0, 0.0, _mean_loss(logits(train), train, task), MappingProxyType({})))
    (loss, train_scores), (valid_loss, scores) = judge(train), judge(valid)
    return Solved(heads, EpochRecord(0, 0, 0.0, loss, scores, EpochJudgement(valid_loss, loss, train_scores)))


def _mean_loss(logits: Mapping[str, Any], rows: LabelledRows, task: Task) -> float:
    """Log loss of some rows, summed over the heads, as that of an epoch."""
    total = 0.0
    for head in task.heads:
        values, labels = torch.as_tensor(logits[head.name]), torch.as_tensor(rows.labels[head.name])
        total += float((binary_cross_entropy if head.is_multi else cross_entropy)(values, labels))
    return total
