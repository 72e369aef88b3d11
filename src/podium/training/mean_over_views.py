"""Test-time augmentation: the mean of a model's probabilities over several views of every image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from podium.engine import EvalBatches, predict_logits
from podium.tables import Task
from podium.training.probabilities import Probs, probs_from_logits

__all__ = ["mean_over_views"]


def mean_over_views(
    model: nn.Module,
    batches_of: Callable[[str], EvalBatches],
    views: Sequence[str],
    task: Task,
    *,
    device: torch.device,
    precision: str = "fp32",
) -> Probs:
    """Probabilities per head of the model, float64 (N, C), averaged over the views.

    Args:
        model: Images to logits per head of `task`.
        batches_of: View name -> batches of the same samples in the same order.
        views: At least one view.
        task: The heads of the model.
        device: Where the model is.
        precision: "fp32", "bf16" or "fp16".
    """
    per_view = [
        probs_from_logits(predict_logits(model, batches_of(view), device=device, precision=precision), task)
        for view in views
    ]
    return {head.name: np.mean([probs[head.name] for probs in per_view], axis=0) for head in task.heads}
