"""What follows a training: its journal, the clock, the progress bar, and a user's callbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import MappingProxyType

from podium import durable
from podium.callbacks import Callbacks, EpochInfo, StepInfo, TrainingInfo
from podium.engine import EpochRecord, TrainState
from podium.errors import CorruptFileError
from podium.machine.progress import Update

__all__ = ["Clock", "Counter", "Follower", "Journalist", "open_times", "write_journal"]


def write_journal(path: Path, state: TrainState) -> durable.Journal:
    """The epochs of a checkpoint, as a journal to go on with.

    The checkpoint is what counts: the journal is not forced to the disk, so a power cut can leave it behind, or torn.
    """
    durable.remove_file(path)
    journal = durable.Journal(path, sync=False)
    for record in state.history:
        journal.append(record.to_dict())
    return journal


@dataclass(frozen=True)
class Journalist:
    """Adds a line to the journal after every epoch."""

    journal: durable.Journal

    def on_step(self, state: TrainState, loss: float) -> None:
        """Nothing."""

    def on_epoch(self, record: EpochRecord) -> None:
        """Add the epoch."""
        self.journal.append(record.to_dict())


def open_times(path: Path) -> durable.Journal:
    """The seconds of earlier epochs, to go on with; without them where a power cut tore the file."""
    journal = durable.Journal(path, sync=False)
    try:
        journal.read()
    except CorruptFileError:
        durable.remove_file(path)
    return journal


@dataclass
class Clock:
    """Notes how long each epoch took. Its file is apart from the journal, which a resume must give bit for bit."""

    times: durable.Journal
    seconds: float | None = None
    _last: float = field(default_factory=monotonic)

    def on_step(self, state: TrainState, loss: float) -> None:
        """Nothing."""

    def on_epoch(self, record: EpochRecord) -> None:
        """Note the time since the last epoch, or the start."""
        now = monotonic()
        self.seconds = round(now - self._last, 3)
        self.times.append({"epoch": record.epoch, "seconds": self.seconds})
        self._last = now


@dataclass(frozen=True)
class Counter:
    """Moves a progress bar."""

    update: Update

    def on_step(self, state: TrainState, loss: float) -> None:
        """Show the step."""
        self.update(state.step)

    def on_epoch(self, record: EpochRecord) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Follower:
    """Tells a user's callbacks; what they get is read only."""

    callbacks: Callbacks
    info: TrainingInfo
    clock: Clock

    def on_step(self, state: TrainState, loss: float) -> None:
        """Tell of the step."""
        if self.callbacks:
            self.callbacks.emit("on_step", self.info, StepInfo(state.step, state.epoch, loss, state.lr))

    def on_epoch(self, record: EpochRecord) -> None:
        """Tell of the epoch."""
        judged = record.judged
        epoch = EpochInfo(
            record.epoch,
            record.step,
            record.lr,
            record.train_loss,
            MappingProxyType(dict(record.scores)),
            valid_loss=judged.valid_loss,
            plain_train_loss=judged.plain_train_loss,
            train_scores=MappingProxyType(dict(judged.train_scores)),
            seconds=self.clock.seconds,
        )
        self.callbacks.emit("on_epoch", self.info, epoch)
