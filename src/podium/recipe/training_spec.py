"""Epochs, batches, precision and early stopping of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from podium.recipe.part import Count, Name, Part, Precision

__all__ = ["TrainingSpec", "soup_problem"]


class TrainingSpec(Part):
    """Epochs, batches, precision, early stopping."""

    epochs: Count = 10
    batch_size: Count = 32
    """Samples per optimizer step, even if they do not fit into memory at once."""
    micro_batch: Count | None = None
    """Samples per forward pass (gradient accumulation); gradients add up to the whole batch. null takes the whole
    batch, and halves it when memory runs out. Batch norm sees one piece at a time."""
    sampler: Literal["none", "balanced", "square_root"] = "none"
    """How often images are shown: none shows each once an epoch; balanced draws all classes equally often, square_root
    lies half way. Both draw with replacement, as many as there are images."""
    sampler_heads: tuple[Name, ...] = ()
    """Heads, or the composite class, that the sampler goes by, each in an equal share of the draws. Empty: the
    composite class where a model learns all of it, else all heads of the model."""
    unmixed_last_epochs: Annotated[int, Field(ge=0, le=10**9)] = 0
    """Last epochs in which no images are mixed, so that training ends on what the model will see."""
    clip_norm: PositiveFloat | None = None
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay of the moving average of the weights (EMA); null uses the weights themselves."""
    soup_epochs: Annotated[int, Field(ge=2, le=10**9)] | None = None
    """Predict with the mean of the weights at the end of so many last epochs (uniform soup, SWA), with batch-norm
    statistics measured anew; of the averaged weights where `ema_decay` averages them. null takes the last epoch's. The
    last epoch is judged out of fold too, and the result says which is better."""
    soup_choice: Literal["uniform", "greedy"] = "uniform"
    """Which of these epochs are averaged: uniform takes all of them; greedy (Wortsman et al. 2022) begins with the best
    by the validation score and adds each other one where the score of the mean does not fall. The out-of-fold
    predictions of each half of a fold's images are then those of a choice by the other half."""
    precision: Precision | Literal["auto"] = "auto"
    """Precision of the forward pass; auto: autotune takes the fastest, and fp32 under a frozen backbone."""
    layout: Literal["auto", "channels_last", "contiguous"] = "auto"
    """Order of weights and activations in memory; auto: autotune takes the fastest."""
    compile: Literal["auto", "none", "inductor"] = "auto"
    """What runs training steps: torch layer by layer, or kernels that torch.compile makes in a minute or several for
    each training (a C++ compiler is needed). auto: on an NVIDIA GPU autotune tries both where a training is long, and
    takes the one with which it is shorter; elsewhere none."""
    augment_on: Literal["auto", "cpu", "device"] = "auto"
    """Where the images of a batch are made: on the CPU, or on the device that trains, from images that are kept
    there if they fit. The images differ by rounding. auto: autotune takes the faster one on an NVIDIA GPU,
    and the CPU elsewhere."""
    select: Literal["auto", "last", "best"] = "auto"
    """Weights that predict: those of the last epoch, or of the best one by the validation score; auto is best with
    `patience`, else last. "best" chooses on the validation samples, so the out-of-fold score is a little too good; the
    report says so."""
    patience: Count | None = None
    """Early stopping: end after this many epochs without a better validation score, and predict with the best epoch;
    null never stops early."""


def soup_problem(training: TrainingSpec) -> str | None:
    """Why these epochs cannot be averaged, or None.

    Example:
        >>> soup_problem(TrainingSpec(epochs=3, soup_epochs=5))
        'training.soup_epochs=5 is more than training.epochs=3'
    """
    n = training.soup_epochs
    if n is None:
        return None
    if n > training.epochs:
        return f"training.soup_epochs={n} is more than training.epochs={training.epochs}"
    if training.select == "best" or training.patience is not None:
        other = "training.patience" if training.patience is not None else "training.select=best"
        return f"training.soup_epochs={n} predicts with the last epochs, {other} with the best one: use one of them"
    return None
