"""What a callback receives: read-only records of a run, its trainings, their steps and epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Callback", "EpochInfo", "RunInfo", "StepInfo", "TrainingInfo"]


@dataclass(frozen=True)
class RunInfo:
    """A run.

    Args:
        name: Its name.
        folder: Its folder.
        recipe: Everything that changes its numbers, JSON-ready.
        folds: Folds to train.
    """

    name: str
    folder: Path
    recipe: Mapping[str, Any]
    folds: tuple[int, ...]


@dataclass(frozen=True)
class TrainingInfo:
    """One training: one model of one fold.

    Args:
        fold: The fold; -1 is a model on all images, which no fold validates.
        model: Name of the model in the fold: "all", or the attribute it answers.
        n_epochs: Epochs in all.
        n_steps: Optimizer steps in all.
        epochs_done: Epochs that an earlier process finished.
    """

    fold: int
    model: str
    n_epochs: int
    n_steps: int
    epochs_done: int = 0


@dataclass(frozen=True)
class StepInfo:
    """One optimizer step.

    Args:
        step: Steps taken, this one included.
        epoch: Epoch under way, from 0.
        loss: Mean loss over its batch.
        lr: Its learning rate.
    """

    step: int
    epoch: int
    loss: float
    lr: float


@dataclass(frozen=True)
class EpochInfo:
    """One finished epoch.

    Args:
        epoch: Its number, from 0.
        step: Optimizer steps taken by its end.
        lr: Learning rate of its last step.
        train_loss: Mean loss over its training samples, augmented and mixed, in training mode.
        scores: Validation scores by target.
        valid_loss: The recipe's loss of the validation samples; None without any.
        plain_train_loss: The same of a sample of the training samples, neither augmented nor mixed.
        train_scores: Scores of that sample by target.
        seconds: How long the epoch took, its evaluation included.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    scores: Mapping[str, float]
    valid_loss: float | None = None
    plain_train_loss: float | None = None
    train_scores: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None


class Callback:
    """Follows a run; override the methods you need, each does nothing here.

    Pass instances to `podium.train(..., callbacks=[...])` or `podium.resume`. All arguments are read-only. A callback
    cannot change a training: it sees numbers, never the model. One that raises an error is reported in a note and left
    out from there on; the training goes on. Methods run in the training's own process, so keep `on_step` short.

    Example:
        >>> class Losses(Callback):
        ...     def __init__(self):
        ...         self.losses = []
        ...     def on_step(self, training, step):
        ...         self.losses.append(step.loss)
        >>> losses = Losses()  # podium.train("photos", callbacks=[losses])
    """

    def on_run_start(self, run: RunInfo) -> None:
        """Before the first training of this process; also when a run is resumed."""

    def on_training_start(self, training: TrainingInfo) -> None:
        """Before the first step, or the first after a resume."""

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        """After every optimizer step."""

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        """After every epoch, when its validation scores are known."""

    def on_training_end(self, training: TrainingInfo) -> None:
        """When a model's weights are on disk."""

    def on_run_end(self, run: RunInfo, scores: Mapping[str, Any]) -> None:
        """When the run is scored.

        Args:
            run: The run.
            scores: What scores.json holds: scores with intervals, JSON-ready.
        """
