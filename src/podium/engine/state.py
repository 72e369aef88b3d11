"""What changes while a model trains, beside its tensors: the position and the record of past epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EpochJudgement", "EpochRecord", "TrainState"]


@dataclass(frozen=True)
class EpochJudgement:
    """Losses and train scores of an epoch, found at its end like the validation scores, with the weights that predict.

    Args:
        valid_loss: The loss of the validation samples.
        plain_train_loss: The same loss of a sample of the training samples, neither augmented nor mixed.
        train_scores: Scores of that sample by name.
    """

    valid_loss: float | None = None
    plain_train_loss: float | None = None
    train_scores: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """What was judged, as JSON-ready data."""
        losses = {"valid_loss": self.valid_loss, "plain_train_loss": self.plain_train_loss}
        found = {name: value for name, value in losses.items() if value is not None}
        return _without_nan(found) | ({"train_scores": _without_nan(self.train_scores)} if self.train_scores else {})

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> EpochJudgement:
        """What `to_dict` wrote."""
        losses = _with_nan({name: record[name] for name in ("valid_loss", "plain_train_loss") if name in record})
        return cls(**losses, train_scores=_with_nan(record.get("train_scores", {})))


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch.

    Args:
        epoch: Epoch number, from 0.
        step: Optimizer steps taken by its end.
        lr: Learning rate of its last step.
        train_loss: Mean loss over its training samples, in train mode: augmented, mixed, with dropout.
        scores: Validation scores by name; empty when the epoch was not evaluated.
        judged: What else was found when it was evaluated.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    scores: Mapping[str, float]
    judged: EpochJudgement = EpochJudgement()

    def to_dict(self) -> dict[str, Any]:
        """The epoch as JSON-ready data; a score that is no number is None, for JSON has no other word for it."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "lr": self.lr,
            "train_loss": self.train_loss,
            "scores": _without_nan(self.scores),
            **self.judged.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> EpochRecord:
        """The epoch that `to_dict` wrote, or an earlier version that judged less."""
        own = {name: record[name] for name in ("epoch", "step", "lr", "train_loss")}
        return cls(**own, scores=_with_nan(record["scores"]), judged=EpochJudgement.from_dict(record))


@dataclass
class TrainState:
    """The position of a training: everything else that a resumed run needs is a tensor or a function of it.

    Args:
        epoch: Epoch under way, from 0.
        offset: Samples of this epoch's order that are already trained on.
        step: Optimizer steps taken.
        lr: Learning rate of the last step.
        loss_sum: Sum of the losses of this epoch's samples so far.
        best_epoch: Epoch of the best score; -1 before the first evaluation.
        best_score: That score, always "greater is better" here.
        history: Finished epochs, oldest first.
    """

    epoch: int = 0
    offset: int = 0
    step: int = 0
    lr: float = 0.0
    loss_sum: float = 0.0
    best_epoch: int = -1
    best_score: float = float("-inf")
    history: list[EpochRecord] = field(default_factory=list)

    def record_step(self, *, loss: float, lr: float, n_samples: int) -> None:
        """Count one optimizer step over `n_samples` samples of mean loss `loss`."""
        self.step += 1
        self.offset += n_samples
        self.lr = lr
        self.loss_sum += loss * n_samples

    def finish_epoch(self, scores: Mapping[str, float], judged: EpochJudgement = EpochJudgement()) -> EpochRecord:
        """Close the epoch with its validation scores, and what else was found, and move to the next."""
        mean = self.loss_sum / max(self.offset, 1)
        record = EpochRecord(self.epoch, self.step, self.lr, mean, dict(scores), judged)
        self.history.append(record)
        self.epoch, self.offset, self.loss_sum = self.epoch + 1, 0, 0.0
        return record

    def note_score(self, score: float) -> bool:
        """Whether this score of the epoch just finished is the best so far. NaN never is."""
        is_best = score > self.best_score
        if is_best:
            self.best_score, self.best_epoch = score, self.epoch - 1
        return is_best

    @property
    def epochs_since_best(self) -> int:
        """Finished epochs since the best one."""
        return self.epoch - 1 - self.best_epoch

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON-ready data; floats survive exactly."""
        best = None if self.best_epoch < 0 else self.best_score
        return {
            "epoch": self.epoch,
            "offset": self.offset,
            "step": self.step,
            "lr": self.lr,
            "loss_sum": self.loss_sum,
            "best_epoch": self.best_epoch,
            "best_score": best,
            "history": [record.to_dict() for record in self.history],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> TrainState:
        """The state that `to_dict` wrote."""
        values = dict(record)
        values["history"] = [EpochRecord.from_dict(item) for item in record["history"]]
        if values["best_score"] is None:
            values["best_score"] = float("-inf")
        return cls(**values)


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _with_nan(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in values.items()}
