"""What a tracker is told, and the methods that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["TrackedEpoch", "TrackedResults", "TrackedRun", "Tracker"]

Plain = str | int | float | bool | None


@dataclass(frozen=True)
class TrackedRun:
    """A run.

    Args:
        name: Its name.
        id: The same whenever this run is told, after a resume too; no other run has it.
        folder: Folder for files of the tracker's own; it exists.
        group: What it belongs to, such as a study.
        home: Folder for what the runs of a group share; the same as `folder` without a group.
        config: The recipe and how it is judged, flat: "optimizer.lr" -> 0.001.
    """

    name: str
    id: str
    folder: Path
    group: str | None
    home: Path
    config: Mapping[str, Plain]


@dataclass(frozen=True)
class TrackedEpoch:
    """One epoch of one training.

    Args:
        place: The training: "fold-0", "fold-0/age" for a model of one attribute, "refit".
        epoch: Its number, from 0.
        number: Epochs of all trainings told before.
        values: "train/loss", "valid/loss", "valid/TARGET", "lr", "seconds" and so on; those that are known.
    """

    place: str
    epoch: int
    number: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class TrackedResults:
    """What came of a run.

    Args:
        number: How many results of this run were told before; more than 0 after it was scored anew.
        n_epochs: Epochs of all trainings told before.
        scores: "score/TARGET/METRIC" -> value, and the ends of its interval as ".../low" and ".../high".
        folds: The main score of each fold: "fold-0" -> 0.91.
        pictures: Charts and sheets as PNG files, by name.
        files: Report, model card, recipe and tables; weights are pointed at and not copied.
        model: Folder that `podium predict` takes.
    """

    number: int
    n_epochs: int
    scores: Mapping[str, float]
    folds: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    files: Sequence[Path] = ()
    model: Path | None = None


class Tracker:
    """Tells another program of a run; override all methods but `last_epochs`.

    It lives in a process of its own. An error, a hang or an exit there is reported once and ends the tracker, never the
    training. `podium.register_tracker` gives one of yours a name for `track=`.
    """

    def start(self, run: TrackedRun) -> None:
        """Begin, or go on with a run of this id."""

    def last_epochs(self) -> Mapping[str, int] | None:
        """The last epoch of each place that the other program already has; None where it cannot say."""
        return None

    def log(self, epochs: Sequence[TrackedEpoch]) -> None:
        """Tell of new epochs, and see that they are kept."""

    def finish(self, results: TrackedResults) -> None:
        """Tell what came of the run."""

    def close(self, *, is_done: bool) -> None:
        """End; `is_done` says whether the run is scored, else somebody may go on with it."""
