"""The training loop.

Everything that changes the numbers is in sight here or one call below. Order and augmentation are functions of
(seed, epoch, sample), the model's randomness is a function of the step, the learning rate one of the step and of the
scores so far; so a state and the tensors beside it are all that an exact resume needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Protocol

from podium.engine.checkpoints import Saves
from podium.engine.evaluate import evaluate
from podium.engine.parts import EvalBatches, Gathered, Parts, TrainBatches
from podium.engine.state import EpochJudgement, EpochRecord, TrainState
from podium.engine.step import train_step
from podium.errors import Stopped
from podium.stopping import StopRequest

__all__ = ["Callback", "fit"]


class Callback(Protocol):
    """Follows a training: logs, draws, counts. What it is given is read only."""

    def on_step(self, state: TrainState, loss: float) -> None:
        """After every optimizer step, with the mean loss over its batch."""

    def on_epoch(self, record: EpochRecord) -> None:
        """After every finished epoch."""


def fit(
    parts: Parts,
    train: TrainBatches,
    valid: EvalBatches | None,
    state: TrainState,
    *,
    n_epochs: int,
    checkpoints: Saves,
    stop: StopRequest,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
) -> TrainState:
    """Train until `n_epochs` are done, the score has not improved for `patience` epochs, or a stop is asked for.

    Args:
        parts: Model, loss, optimizer, schedule and score.
        train: Training batches.
        valid: Validation samples; None trains without looking (a refit on all data).
        state: Where to start; `checkpoints.restore` gives the one to resume from.
        n_epochs: Epochs in all, those already in the state included.
        checkpoints: Saves state and tensors when due.
        stop: Asked after every step, and before every batch of an evaluation.
        patience: Epochs without a better score before stopping early; None never stops early.
        callbacks: Called after every step and epoch.

    Returns:
        The state at the end.

    Raises:
        Stopped: If a stop was asked for; a checkpoint of the last step is on disk.
        DivergedError: If the loss, a weight or a prediction is not finite; the last checkpoint is untouched.
    """
    while state.epoch < n_epochs and not _is_out_of_patience(state, patience):
        parts.enter_epoch(state.epoch)
        parts.model.train()
        for batch in train.from_position(state.epoch, state.offset):
            factor = parts.lr_factor(state)
            loss = train_step(parts, batch, step=state.step, factor=factor)
            state.record_step(loss=loss, lr=parts.lr * factor, n_samples=batch.n_samples)
            for callback in callbacks:
                callback.on_step(state, loss)
            if parts.team is not None:
                parts.team.agree_on(stop)
            if stop.is_made:
                checkpoints.save(state, parts)
                stop.check()
            checkpoints.save_if_due(state, parts)
        try:
            scores, judged = _judge(parts, valid, stop)
        except Stopped:
            checkpoints.save(state, parts)  # of the epoch's last step: a resume evaluates the epoch anew
            raise
        record = state.finish_epoch(scores, judged)
        if scores and state.note_score(scores[parts.score_name] * (1 if parts.greater_is_better else -1)):
            checkpoints.remember_best(parts)
        if parts.soup is not None and parts.soup.wants(state.epoch, n_epochs=n_epochs):
            _take(parts, parts.soup)
        for callback in callbacks:
            callback.on_epoch(record)
        checkpoints.save_if_due(state, parts)
    return state


def _take(parts: Parts, soup: Gathered) -> None:
    """Add the weights that would predict now: the averaged ones where there are any."""
    with nullcontext() if parts.average is None else parts.average.swapped_into(parts.model):
        soup.take(parts.model)


def _judge(parts: Parts, valid: EvalBatches | None, stop: StopRequest) -> tuple[Mapping[str, float], EpochJudgement]:
    """Scores of the epoch; the leader of a team finds them, and tells the others."""
    if parts.team is None:
        return _evaluate(parts, valid, stop)
    if not parts.team.leads:
        told = parts.team.hear()
        return told["scores"], EpochJudgement.from_dict(told)
    scores, judged = _evaluate(parts, valid, stop)
    parts.team.tell({"scores": dict(scores), **judged.to_dict()})
    return scores, judged


def _evaluate(parts: Parts, valid: EvalBatches | None, stop: StopRequest) -> tuple[Mapping[str, float], EpochJudgement]:
    if valid is None:
        return {}, EpochJudgement()
    sample = None if parts.train_sample is None else stop.watch(parts.train_sample.batches)
    return evaluate(parts, stop.watch(valid), sample)


def _is_out_of_patience(state: TrainState, patience: int | None) -> bool:
    return patience is not None and state.best_epoch >= 0 and state.epochs_since_best >= patience
