"""Batch-norm statistics measured anew, for weights that no training step has left behind."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from podium.engine.lone_sample import lone_norms_at_rest
from podium.engine.parts import Batch, Parts
from podium.engine.precision import autocast
from podium.machine.batch_share import split_batch

__all__ = ["measure_norms"]


def measure_norms(model: nn.Module, batches: Iterable[Batch], parts: Parts) -> None:
    """Give the batch norms of a model the mean statistics of these batches, and leave it in evaluation mode.

    Only norms that train are measured: a frozen one keeps what its weights were trained with. Dropout rests, as it
    does when the model predicts.

    Args:
        model: The model; its weights stay as they are.
        batches: Training batches, each once.
        parts: Device, precision and pieces of the training, whose model may be another.

    Source:
        `update_bn` of torch.optim.swa_utils.
    """
    model.train()
    norms = [it for it in model.modules() if isinstance(it, _BatchNorm) and it.track_running_stats and it.training]
    model.eval()
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    with torch.no_grad(), autocast(parts.device, parts.precision):
        for batch in batches:
            for rows in split_batch(len(batch.images), parts.micro_batch):
                images = batch.images[rows].to(parts.device, non_blocking=True)
                with lone_norms_at_rest(model) if len(images) == 1 else nullcontext():
                    model(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()
