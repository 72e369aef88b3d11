"""How long a run still takes, told while it runs: by the pace of its own epochs, which costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from podium.callbacks import Callback, EpochInfo, TrainingInfo
from podium.listing import count_of
from podium.machine import Progress
from podium.training.time_plan import duration_words

__all__ = ["TimeLeft"]

WORTH_SAYING_S = 60.0
"""Less time left is not told."""


class TimeLeft(Callback):
    """A note after the first epoch of this process, and after every training but the last ones.

    Args:
        n_left: Gives the number of trainings that have no weights yet.
        progress: Receives the notes.
        clock: Seconds that go on.
    """

    def __init__(
        self, n_left: Callable[[], int], progress: Progress, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._n_left, self._progress, self._clock = n_left, progress, clock
        self._started = clock()
        self._epoch_s = 0.0
        self._has_told = False

    def on_training_start(self, training: TrainingInfo) -> None:
        """Start the clock."""
        self._started = self._clock()

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        """Take the pace."""
        done = epoch.epoch + 1
        self._epoch_s = (self._clock() - self._started) / max(1, done - training.epochs_done)
        if not self._has_told:
            self._has_told = True
            n_left = self._n_left()
            self._tell(self._epoch_s * (training.n_epochs * n_left - done), n_left)

    def on_training_end(self, training: TrainingInfo) -> None:
        """Tell what is left after it."""
        n_left = self._n_left()
        self._tell(self._epoch_s * training.n_epochs * n_left, n_left)

    def _tell(self, seconds: float, n_left: int) -> None:
        if seconds >= WORTH_SAYING_S:
            self._progress.note(f"About {duration_words(seconds)} left, {count_of(n_left, 'training')} to finish.")
