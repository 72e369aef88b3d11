"""The second half of a training: from a run folder alone, train what is missing, gather, score.

It reads what the first half wrote and nothing else, so a first start and a resume are the same code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.dataset.run_images import move_images, open_run_images
from podium.decisions import complete_probs
from podium.machine import Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.metrics import Scores, score_predictions
from podium.recipe import Recipe, arrange, load_recipe
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, describe_environment, load_tables, write_results
from podium.tables import (
    Folds,
    Predictions,
    Samples,
    Task,
    concat_predictions,
    load_predictions,
    save_predictions,
)
from podium.training.autotune import resolve_without_autotune
from podium.training.make_inputs import make_inputs
from podium.training.one_training import Training, train_one

__all__ = ["BACKBONE", "carry_on"]

BACKBONE = "backbone"
"""Folder of a frozen backbone's weights, shared by all folds."""


def carry_on(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    more_folds: Collection[int] = (),
    root: Path | None = None,
) -> Scores:
    """Train every fold that was asked for and is not finished, then score the out-of-fold predictions.

    Args:
        run: A run folder that `start_run` wrote.
        settings: Machine and places; threads are the ones recorded with the run.
        progress: Told what is going on.
        more_folds: Folds to train besides those that were asked for.
        root: Folder of the images, if they moved since; remembered.

    Returns:
        Scores with intervals, also in scores.json.

    Raises:
        SplitError: If there is no such fold.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If the images are gone, or are others than at the start.
        LockedError: If another process works in the run folder.
        Stopped: If a signal asked for it; resuming goes on exactly.
    """
    with durable.hold_lock(run.path), listen_for_stop() as stop:
        if root is not None:
            move_images(run, root)
        recipe = resolve_without_autotune(load_recipe(run.recipe_file), choose_device(settings.device))
        samples, folds = load_tables(run)
        record = _ask_for(run, folds, more_folds, settings)
        prepare_process(record["threads"])
        durable.write_json(run.environment_file, describe_environment() | {"device": settings.device})
        todo = [fold for fold in record["folds"] if not _fold_file(run, fold).is_file()]
        if todo:
            _train_folds(run, recipe, samples, folds, todo, settings, record, stop, progress)
        oof = concat_predictions([load_predictions(_fold_file(run, fold)) for fold in record["folds"]])
        save_predictions(oof, run.oof_file)
        scores = score_predictions(oof, samples, metric=recipe.metric)
        durable.write_json(run.scores_file, scores.to_dict())
    return scores


def _ask_for(run: RunFolder, folds: Folds, more_folds: Collection[int], settings: Settings) -> dict[str, Any]:
    """The run's record, with what is asked for now too."""
    record = run.read()
    if settings.cloud_drive and not record.get("cloud_drive"):
        record["cloud_drive"] = True
        durable.write_json(run.run_file, record)
    wanted = sorted({*record["folds"], *more_folds})
    for fold in wanted:
        folds.valid_rows(fold)  # refuses a fold that does not exist
    if wanted != record["folds"]:
        durable.remove_file(run.scores_file)  # they were of fewer folds: the run is not finished any more
        record["folds"] = wanted
        durable.write_json(run.run_file, record)
    return record


def _fold_file(run: RunFolder, fold: int) -> Path:
    return run.predictions_file("oof", fold)


def _train_folds(
    run: RunFolder,
    recipe: Recipe,
    samples: Samples,
    folds: Folds,
    todo: Sequence[int],
    settings: Settings,
    record: Mapping[str, Any],
    stop: StopRequest,
    progress: Progress,
) -> None:
    task = samples.task
    assert task is not None, "start_run refuses samples without labels"
    device = choose_device(settings.device)
    cache = open_run_images(run, record, samples, recipe, settings, progress)
    inputs = make_inputs(
        recipe, task, cache, device, settings, progress, backbone_folder=run.path / BACKBONE, stop=stop
    )
    return_freed_memory()
    given = Training(
        recipe,
        samples,
        folds,
        cache.rows_of(samples.ids),
        inputs,
        device,
        settings.checkpoint_every_s,
        cloud_drive=bool(record.get("cloud_drive")),
    )
    parts = arrange(task, recipe.model.arrangement)
    for fold in todo:
        _train_fold(run, given, task, parts, fold, stop, progress)
        write_results(run)


def _train_fold(
    run: RunFolder,
    given: Training,
    task: Task,
    parts: dict[str, Task],
    fold: int,
    stop: StopRequest,
    progress: Progress,
) -> None:
    probs: dict[str, NDArray[np.float64]] = {}
    for place, (name, part_task) in enumerate(parts.items()):
        folder = run.training_folder(fold, name)
        probs |= train_one(given, part_task, fold, place, folder, stop=stop, progress=progress)
    rows = given.folds.valid_rows(fold)
    made_by = np.full(len(rows), fold, dtype=np.int64)
    predictions = Predictions(task, given.samples.ids[rows], made_by, complete_probs(probs, task))
    save_predictions(predictions, _fold_file(run, fold))
