"""What the logits of labelled rows come to at the end of an epoch: scores, and the loss that the recipe trains with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.decisions.pooling import Pool, pool_probs
from podium.engine import Objective
from podium.metrics import score_targets_fast
from podium.tables import Task
from podium.tables.bags import join_labels
from podium.training.probabilities import probs_from_logits

__all__ = ["Bags", "Judge", "score_rows"]

Logits = Mapping[str, NDArray[np.floating[Any]]]
Labels = Mapping[str, NDArray[np.integer[Any]]]


@dataclass(frozen=True, eq=False)
class Bags:
    """Where several images have one answer.

    Args:
        numbers: The bag of each row, shape (n,), from 0 without a gap.
        pool: How their probabilities become one.
    """

    numbers: NDArray[np.int64]
    pool: Pool


@dataclass(frozen=True, eq=False)
class Judge:
    """Scores and loss of some rows.

    Attributes:
        task: The heads that the model answers.
        labels: Labels of the rows of every target.
        targets: What the loss learns of each head: labels, or shares where there are soft labels.
        objective: The training's loss; label smoothing and class weights are in it, margins and weights of images are
            not.
        metric: The score; None takes the default of the task's main target.
        device: Where the objective's weights are.
        bags: Bags of the rows, whose answers are scored in place of the images'; None where each has its own.
    """

    task: Task
    labels: Labels
    targets: Mapping[str, NDArray[Any]]
    objective: Objective
    metric: str | None
    device: torch.device
    bags: Bags | None = None

    def score(self, logits: Logits) -> Mapping[str, float]:
        """Scores by target."""
        return score_rows(logits, self.labels, self.task, self.metric, self.bags)

    def loss(self, logits: Logits) -> float:
        """The loss over all rows at once; without a label it is 0, as in training."""
        given = {name: torch.from_numpy(np.asarray(values)).to(self.device) for name, values in logits.items()}
        with torch.no_grad():
            return float(self.objective(given, {name: _as_target(self.targets[name], self.device) for name in given}))


def score_rows(
    logits: Logits, labels: Labels, task: Task, metric: str | None, bags: Bags | None
) -> Mapping[str, float]:
    """Scores by target, of images or of bags.

    Args:
        logits: Of every head, shape (n, C).
        labels: Of every target, shape (n,) or (n, C).
        task: The heads.
        metric: Score of the main target; None takes its default.
        bags: Where several rows have one answer.
    """
    probs = probs_from_logits(logits, task)
    if bags is not None:
        n_bags = int(bags.numbers.max(initial=-1)) + 1
        probs = {head.name: pool_probs(probs[head.name], head, bags.numbers, bags.pool) for head in task.targets}
        labels = {head.name: join_labels(labels[head.name], bags.numbers, n_bags) for head in task.targets}
    return score_targets_fast(probs, labels, task, metric=metric)


def _as_target(column: NDArray[Any], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(column.astype(np.int64 if column.ndim == 1 else np.float32)).to(device)
