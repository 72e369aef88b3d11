"""Test-time augmentation: the mean of a model's probabilities over several views of every image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from podium.data.view_frames import parts_of
from podium.decisions import pool_pieces
from podium.engine import EvalBatches, predict_logits
from podium.tables import Task
from podium.training.probabilities import Probs, probs_from_logits

__all__ = ["frames_of_views", "mean_over_views"]


def frames_of_views(views: Sequence[str]) -> tuple[str, ...]:
    """Every frame that these views need, once."""
    return tuple(dict.fromkeys(frame for view in views for frame in parts_of(view).frames))


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
        batches_of: Name of a view of one frame -> batches of the same samples in the same order.
        views: At least one view; the pieces of a view are pooled first, then the views averaged.
        task: The heads of the model.
        device: Where the model is.
        precision: "fp32", "bf16" or "fp16".
    """

    def ask(frame: str) -> Probs:
        return probs_from_logits(predict_logits(model, batches_of(frame), device=device, precision=precision), task)

    per_view = []
    for view in views:
        parts = parts_of(view)
        per_view.append(pool_pieces([ask(frame) for frame in parts.frames], parts.pool, task))
    return {head.name: np.mean([probs[head.name] for probs in per_view], axis=0) for head in task.heads}
