"""What the logits of labelled rows come to at the end of an epoch: scores, and the loss that the recipe trains with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.engine import Objective
from podium.metrics import score_targets_fast
from podium.tables import Task
from podium.training.probabilities import probs_from_logits

__all__ = ["Judge"]

Logits = Mapping[str, NDArray[np.floating[Any]]]


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
    """

    task: Task
    labels: Mapping[str, NDArray[np.integer[Any]]]
    targets: Mapping[str, NDArray[Any]]
    objective: Objective
    metric: str | None
    device: torch.device

    def score(self, logits: Logits) -> Mapping[str, float]:
        """Scores by target."""
        return score_targets_fast(probs_from_logits(logits, self.task), self.labels, self.task, metric=self.metric)

    def loss(self, logits: Logits) -> float:
        """The loss over all rows at once; without a label it is 0, as in training."""
        given = {name: torch.from_numpy(np.asarray(values)).to(self.device) for name, values in logits.items()}
        with torch.no_grad():
            return float(self.objective(given, {name: _as_target(self.targets[name], self.device) for name in given}))


def _as_target(column: NDArray[Any], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(column.astype(np.int64 if column.ndim == 1 else np.float32)).to(device)
