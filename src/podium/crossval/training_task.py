"""One training of a run as a task that can be pickled and carried out on some machine that sees the run folder."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium.machine import Settings, Silent
from podium.store import RunFolder, load_tables

__all__ = ["TrainingTask", "count_models", "make_tasks"]


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

    @property
    def is_done(self) -> bool:
        """Whether all models of the fold are trained."""
        return RunFolder(self.run).is_fold_done(self.fold)

    def carry_out(self) -> bool:
        """Train it, unless it is trained or another process does; gives whether the run is finished."""
        return self._train()[1]

    def take(self) -> dict[str, Any] | None:
        """As `carry_out`; gives the run's name and the seconds that it took, or None where there was nothing to do."""
        started = time.monotonic()
        has_trained, _ = self._train()
        return {"run": self.run.name, "seconds": time.monotonic() - started} if has_trained else None

    def _train(self) -> tuple[bool, bool]:
        from podium.crossval.ask_for_folds import ask_for_folds
        from podium.crossval.gather import gather
        from podium.crossval.train_fold import FoldTrainer
        from podium.machine.tuning import restored_torch
        from podium.own_parts import load_named_parts
        from podium.stopping import listen_for_stop

        load_named_parts()
        run, silent = RunFolder(self.run), Silent()
        with listen_for_stop() as stop, restored_torch():
            samples, folds = ask_for_folds(run, [self.fold], self.settings, silent, stop)
            trainer = FoldTrainer(run, samples, folds, self.settings, silent, stop)
            has_trained = trainer.train(self.fold, self.place)
        return has_trained, gather(run, settings=self.settings, progress=silent, again=False)


def count_models(run: RunFolder) -> int:
    """Models of each of a run's folds."""
    from podium.recipe import arrange, load_recipe

    task = load_tables(run)[0].task
    assert task is not None, "start_run refuses samples without labels"
    return len(arrange(task, load_recipe(run.recipe_file).model.arrangement))


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
        processes=1,
        runs=settings.runs.resolve(),
        cache=settings.cache_folder.resolve(),
        threads=run.n_threads,
    )
    return [
        TrainingTask(run.path.resolve(), fold, place, there)
        for fold in run.folds_left(only_folds)
        for place in range(n_models)
    ]
