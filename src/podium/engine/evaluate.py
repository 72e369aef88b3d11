"""Logits of every sample, and the epoch's scores from all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from podium.engine.memory import run_in_pieces
from podium.engine.parts import EvalBatches, Parts
from podium.engine.precision import autocast, remedy
from podium.engine.state import EpochJudgement
from podium.errors import DivergedError

__all__ = ["evaluate", "predict_logits"]

Logits = dict[str, NDArray[np.float32]]


def predict_logits(model: nn.Module, batches: EvalBatches, *, device: torch.device, precision: str = "fp32") -> Logits:
    """Logits of every sample, float32 (N, C) per head, in the order of the batches.

    Args:
        model: A batch's images to a dict of head name -> logits (B, C). Left in evaluation mode.
        batches: The samples.
        device: Where the model is.
        precision: "fp32", "bf16" or "fp16".
    """
    rows: dict[str, list[NDArray[np.float32]]] = {}
    model.eval()
    with torch.inference_mode(), autocast(device, precision):
        for batch in batches:
            for logits in run_in_pieces(lambda images: model(images.to(device, non_blocking=True)), batch.images):
                for name, values in logits.items():
                    rows.setdefault(name, []).append(values.float().cpu().numpy())
    return {name: np.concatenate(values) for name, values in rows.items()}


def evaluate(
    parts: Parts, valid: EvalBatches, sample: EvalBatches | None = None
) -> tuple[Mapping[str, float], EpochJudgement]:
    """Scores of the valid samples with the averaged weights, where there are any; and what is found beside them.

    They are computed once over the whole epoch: a mean over batches of macro F1 is another, wrong number.

    Args:
        parts: The training's parts.
        valid: Validation samples.
        sample: The batches of `parts.train_sample`; None judges no training samples.

    Raises:
        DivergedError: If a prediction is not finite.
    """
    swapped = nullcontext() if parts.average is None else parts.average.swapped_into(parts.model)
    with swapped:
        logits = _finite_logits(parts, valid)
        train_logits = None if sample is None else _finite_logits(parts, sample)
    scores, loss = parts.score(logits), None if parts.valid_loss is None else parts.valid_loss(logits)
    if train_logits is None or parts.train_sample is None:
        return scores, EpochJudgement(loss)
    own = parts.train_sample
    return scores, EpochJudgement(loss, own.loss(train_logits), dict(own.score(train_logits)))


def _finite_logits(parts: Parts, batches: EvalBatches) -> Logits:
    logits = predict_logits(parts.model, batches, device=parts.device, precision=parts.precision)
    for name, values in logits.items():
        if not np.isfinite(values).all():
            raise DivergedError(f"predictions of {name!r} are not finite.", fix=remedy(parts.precision))
    return logits
