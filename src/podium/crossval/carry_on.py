"""The second half of a training: from a run folder alone, train what is missing, gather, score.

It reads what the first half wrote and nothing else, so a first start, a resume and a second terminal are the same code:
take the next training that no other process has, until none is left; whoever finishes last gathers.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from podium.callbacks import Callbacks
from podium.crossval.ask_for_folds import ask_for_folds
from podium.crossval.gather import gather
from podium.crossval.train_in_processes import train_in_processes
from podium.crossval.train_on_ray import train_on_ray
from podium.crossval.train_on_slurm import send_to_slurm
from podium.machine import Progress, Settings, say_while_waiting
from podium.machine.tuning import restored_torch
from podium.recipe import arrange, load_recipe
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder
from podium.tables import Samples

if TYPE_CHECKING:
    from podium.crossval.train_fold import FoldTrainer

__all__ = ["carry_on"]

_LOOK_AGAIN_S = 0.5
"""Seconds between two looks for a training whose process has ended."""


def carry_on(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    only_folds: Collection[int] = (),
    root: Path | None = None,
    callbacks: Callbacks | None = None,
) -> bool:
    """Train the folds that are not done, those of other processes apart, and gather if no fold is left.

    Args:
        run: A run folder that `start_run` wrote.
        settings: Machine and places; threads are the ones recorded with the run.
        progress: Receives progress and notes.
        only_folds: Folds to train now, which the run is asked for from here on; empty trains all that it was asked for.
        root: Folder of the images, if they moved since; remembered.
        callbacks: Follow the trainings of this process.

    Returns:
        Whether the run is finished. It is not where other folds than `only_folds` are missing, or SLURM has them.

    Raises:
        SplitError: If there is no such fold.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If the images are gone, or are others than at the start.
        Stopped: If a signal asked for it; resuming goes on exactly.
    """
    with listen_for_stop() as stop:
        samples, folds = ask_for_folds(run, only_folds, settings, progress, stop, root=root)
        is_trained = not run.folds_left()
        if run.folds_left(only_folds):
            if settings.slurm:
                send_to_slurm(run, settings, progress, only_folds=only_folds, n_models=len(_models_of(run, samples)))
                return False
            if settings.ray:
                n_models = len(_models_of(run, samples))
                train_on_ray(run, settings, progress, stop, only_folds=only_folds, n_models=n_models)
            elif settings.processes > 1:
                n_models = len(_models_of(run, samples))
                train_in_processes(run, settings, progress, stop, only_folds=only_folds, n_models=n_models)
            else:
                from podium.crossval.train_fold import FoldTrainer  # imports torch, which others may do instead

                with restored_torch():
                    trainer = FoldTrainer(run, samples, folds, settings, progress, stop, callbacks)
                    if callbacks is not None:  # else it is one of several processes
                        trainer.tell_time_left(only_folds)
                    _train_folds(trainer, run, only_folds, progress, stop)
        return gather(run, samples=samples, progress=progress, stop=stop, again=is_trained, settings=settings)


def _models_of(run: RunFolder, samples: Samples) -> Collection[str]:
    assert samples.task is not None, "start_run refuses samples without labels"
    return arrange(samples.task, load_recipe(run.recipe_file).model.arrangement)


def _train_folds(
    trainer: FoldTrainer, run: RunFolder, only_folds: Collection[int], progress: Progress, stop: StopRequest
) -> None:
    """Train until the folds are done. One that another process has is waited for, and taken over if that one ends."""
    waiting = say_while_waiting("a fold that another process trains", progress, stop)
    while todo := run.folds_left(only_folds):
        if any(trainer.train(fold) for fold in todo):
            continue
        if trainer.held is not None:
            waiting(trainer.held)
        stop.check()
        time.sleep(_LOOK_AGAIN_S)
