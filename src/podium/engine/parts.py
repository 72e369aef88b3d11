"""What one training is made of, as the engine sees it: callables and tensors, no names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from podium.engine.objective import Objective
from podium.engine.sam import Sam
from podium.engine.state import EpochRecord, TrainState
from podium.engine.team import Team

__all__ = ["Averager", "Batch", "EvalBatches", "Parts", "TrainBatches", "TrainSample"]


class Batch(Protocol):
    """Inputs and targets of B samples."""

    @property
    def images(self) -> Tensor:
        """Model input, first axis B."""

    @property
    def targets(self) -> Mapping[str, Tensor]:
        """Per head, first axis B; -1 is missing."""

    @property
    def n_samples(self) -> int:
        """Samples of the whole batch; in a team this process has its share of them."""

    @property
    def weights(self) -> Tensor | None:
        """Weight of each sample's loss, shape (B,); None weighs all alike."""


class TrainBatches(Protocol):
    """Training batches whose content is a function of (epoch, offset)."""

    def from_position(self, epoch: int, offset: int) -> Iterator[Batch]:
        """The batches of an epoch from this sample offset on."""


class EvalBatches(Protocol):
    """Every sample once, in row order."""

    def __iter__(self) -> Iterator[Batch]:
        """The batches."""


class Averager(Protocol):
    """Running average of a model's weights."""

    def update(self, model: nn.Module) -> None:
        """Take in the weights after one optimizer step."""

    def swapped_into(self, model: nn.Module) -> AbstractContextManager[Any]:
        """Within the block the model carries the averaged weights."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and counters to save."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""


class Gathered(Protocol):
    """A mean of the weights at the end of some epochs."""

    def wants(self, n_done: int, *, n_epochs: int) -> bool:
        """Whether the epoch after which `n_done` are done goes into it."""

    def take(self, model: nn.Module) -> None:
        """Take in the weights at an epoch's end."""

    def pour_into(self, model: nn.Module) -> None:
        """Give a model the mean."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and counters to save."""

    def load_state_dict(self, state: Mapping[str, Any], model: nn.Module) -> None:
        """Restore what `state_dict` gave."""


class Unfreezing(Protocol):
    """What of a model is frozen, as a function of the epoch."""

    def enter(self, epoch: int, optimizer: torch.optim.Optimizer) -> None:
        """Freeze what is frozen in this epoch, and give the optimizer what has joined."""


@dataclass(frozen=True)
class TrainSample:
    """A few of the training samples, judged after each epoch as the validation samples are.

    Args:
        batches: The samples, in row order, nothing random.
        score: Their logits per head -> scores by name.
        loss: Their logits per head -> the loss.
    """

    batches: EvalBatches
    score: Callable[[Mapping[str, Any]], Mapping[str, float]]
    loss: Callable[[Mapping[str, Any]], float]


@dataclass
class Parts:
    """One training's parts. `micro_batch` may shrink while it runs, when memory is short; nothing else changes.

    Args:
        model: From a batch's images to a dict of head name -> logits (B, C).
        objective: The loss over all heads.
        forward: The same as the model, compiled, for the steps of training; None takes the model itself.
        optimizer: Over the model's parameters; every group has an "initial_lr", its peak.
        schedule: Step -> factor on the peak learning rates, a pure function.
        reduction: Finished epochs -> one more factor on them, a pure function: a schedule that waits for a plateau.
        lr: Peak learning rate of the backbone, for the record.
        unfreezing: Freezes parts of the model by epoch; None leaves it as it is.
        score: Logits of the valid samples per head (N, C) -> scores by name.
        valid_loss: The same logits -> the loss; None computes none.
        train_sample: Training samples that are judged beside the valid ones; None judges none.
        seed: Seeds what is random inside the model, step by step.
        device: Where the model is.
        precision: "fp32", "bf16" or "fp16" autocast.
        micro_batch: Most samples in one forward pass; gradients add up to the whole batch.
        clip_norm: Largest norm of the gradient; None leaves it.
        sam: Takes the gradient where the loss is highest nearby, for two passes a step; None takes it where it is.
        average: Exponential moving average of the weights, or None.
        soup: Mean of the weights that predict at the end of the last epochs, or None.
        score_name: Name of the score that chooses the best epoch.
        greater_is_better: Whether that score is; false for losses and errors.
        team: The processes that take every step together; None trains alone.
    """

    model: nn.Module
    objective: Objective
    optimizer: torch.optim.Optimizer
    schedule: Callable[[int], float]
    score: Callable[[Mapping[str, Any]], Mapping[str, float]]
    score_name: str
    lr: float
    seed: int
    device: torch.device
    precision: str = "fp32"
    micro_batch: int | None = None
    clip_norm: float | None = None
    sam: Sam | None = None
    unfreezing: Unfreezing | None = None
    forward: Callable[[Tensor], Mapping[str, Tensor]] | None = None
    average: Averager | None = None
    soup: Gathered | None = None
    scaler: torch.amp.GradScaler | None = None
    greater_is_better: bool = True
    reduction: Callable[[Sequence[EpochRecord]], float] | None = None
    notes: Sequence[str] = ()
    valid_loss: Callable[[Mapping[str, Any]], float] | None = None
    train_sample: TrainSample | None = None
    team: Team | None = None

    def enter_epoch(self, epoch: int) -> None:
        """Make model and optimizer what they are in this epoch; `train()` comes afterwards."""
        if self.unfreezing is not None:
            self.unfreezing.enter(epoch, self.optimizer)

    def lr_factor(self, state: TrainState) -> float:
        """Factor on the peak learning rates with which the next step is taken."""
        factor = self.schedule(state.step)
        return factor if self.reduction is None else factor * self.reduction(state.history)
