"""The second half of a training: from a run folder alone, train what is missing, gather, score.

It reads what the first half wrote and nothing else, so a first start, a resume and a second terminal are the same code:
take the next training that no other process has, until none is left; whoever finishes last gathers.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

from podium import durable
from podium.callbacks import Callbacks
from podium.dataset.run_images import move_images
from podium.machine import Progress, Settings, say_while_waiting
from podium.recipe import arrange, load_recipe
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, describe_environment, edit_record, load_tables
from podium.tables import Folds, Samples
from podium.workflows.gather import gather
from podium.workflows.train_fold import FoldTrainer
from podium.workflows.train_in_processes import train_in_processes

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
        progress: Told what is going on.
        only_folds: Folds to train now, which the run is asked for from here on; empty trains all that it was asked for.
        root: Folder of the images, if they moved since; remembered.
        callbacks: Follow the trainings of this process.

    Returns:
        Whether the run is finished. It is not where other folds than `only_folds` are missing.

    Raises:
        SplitError: If there is no such fold.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If the images are gone, or are others than at the start.
        Stopped: If a signal asked for it; resuming goes on exactly.
    """
    with listen_for_stop() as stop:
        samples, folds = _ask_for(run, only_folds, root, settings, progress, stop)
        is_trained = not run.folds_left()
        if run.folds_left(only_folds):
            if settings.processes > 1:
                n_models = len(_models_of(run, samples))
                train_in_processes(run, settings, progress, stop, only_folds=only_folds, n_models=n_models)
            else:
                trainer = FoldTrainer(run, samples, folds, settings, progress, stop, callbacks)
                _train_folds(trainer, run, only_folds, progress, stop)
        return gather(run, samples=samples, progress=progress, stop=stop, again=is_trained)


def _ask_for(
    run: RunFolder,
    only_folds: Collection[int],
    root: Path | None,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
) -> tuple[Samples, Folds]:
    """Samples and folds of the run, whose record says what is asked for now too."""
    waiting = say_while_waiting("the process that scores the run", progress, stop)
    with edit_record(run, while_waiting=waiting) as record:
        if root is not None:
            move_images(run, root)
        samples, folds = load_tables(run)
        record["folds"] = sorted({*record["folds"], *only_folds})
        for fold in record["folds"]:
            folds.valid_rows(fold)  # refuses a fold that does not exist
        if settings.cloud_drive:
            record["cloud_drive"] = True
        durable.write_json(run.environment_file, describe_environment() | {"device": settings.device})
        if run.folds_left(record["folds"]):
            durable.remove_file(run.scores_file)  # they were of fewer folds: the run is not finished any more
    return samples, folds


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
