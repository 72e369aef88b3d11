"""One training of a run as a task that can be pickled and carried out on some machine that sees the run folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from podium.machine import Settings, Silent
from podium.store import RunFolder

__all__ = ["TrainingTask", "make_tasks"]


@dataclass(frozen=True)
class TrainingTask:
    """One training; then scores and report, if it was the last.

    Args:
        run: The run folder.
        fold: The fold.
        place: Number of the fold's model.
        settings: Machine and places there.
    """

    run: Path
    fold: int
    place: int
    settings: Settings

    def carry_out(self) -> bool:
        """Train it, unless it is trained or another process does; gives whether the run is finished."""
        from podium.crossval.gather import gather
        from podium.crossval.train_fold import train_fold
        from podium.own_parts import load_named_parts

        load_named_parts()
        run = RunFolder(self.run)
        train_fold(run, self.fold, settings=self.settings, place=self.place)
        return gather(run, settings=self.settings, progress=Silent(), again=False)


def make_tasks(run: RunFolder, settings: Settings, only_folds: Collection[int], n_models: int) -> list[TrainingTask]:
    """A task for each training that is left of a run, with paths that hold in any process.

    Args:
        run: The run folder.
        settings: Machine and places of the process that hands them out.
        only_folds: Folds to train; empty takes all that the run was asked for.
        n_models: Models of a fold.
    """
    there = replace(
        settings,
        slurm=(),
        ray="",
        runs=settings.runs.resolve(),
        cache=settings.cache_folder.resolve(),
        threads=run.n_threads,
    )
    return [
        TrainingTask(run.path.resolve(), fold, place, there)
        for fold in run.folds_left(only_folds)
        for place in range(n_models)
    ]
