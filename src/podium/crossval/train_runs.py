"""What is left of several runs, trained side by side: by processes of this machine, or by the workers of Ray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from podium.crossval.train_in_processes import train_in_processes
from podium.crossval.train_on_ray import train_on_ray
from podium.crossval.training_task import count_models
from podium.machine import Progress, Settings
from podium.stopping import listen_for_stop
from podium.store import RunFolder

__all__ = ["train_runs"]


def train_runs(
    runs: Sequence[RunFolder], settings: Settings, progress: Progress, *, only_folds: Collection[int]
) -> dict[str, float]:
    """Train and score what is left of these folds of several runs, in any order, one training a worker.

    Args:
        runs: Run folders.
        settings: Machine and places; `processes` or `ray` say who trains.
        progress: Receives the number of folds done, and the notes of all processes.
        only_folds: Folds to train of each run.

    Returns:
        Seconds that the trainings of each run took, by its name.

    Raises:
        PodiumError: What made the first training fail, or all processes were killed.
        Stopped: If a signal asked for it; the same call goes on exactly.
    """
    seconds: dict[str, float] = defaultdict(float)
    left = [run for run in runs if run.folds_left(only_folds)]
    if not left:
        return seconds

    def count(trained: Mapping[str, Any]) -> None:
        seconds[trained["run"]] += trained["seconds"]

    first, *beside = left
    train = train_on_ray if settings.ray else train_in_processes
    with listen_for_stop() as stop:
        train(
            first,
            settings,
            progress,
            stop,
            only_folds=only_folds,
            n_models=count_models(first),
            beside=beside,
            on_trained=count,
        )
    return seconds
