"""What `podium refit` does: one model on all images, by the recipe and for the length that cross-validation chose."""

from __future__ import annotations

from podium import durable
from podium.advice import call
from podium.callbacks import Callbacks
from podium.crossval.train_fold import FoldTrainer
from podium.engine.saved_weights import read_about
from podium.errors import Stopped, UsageError
from podium.machine import Progress, Settings, say_while_waiting
from podium.machine.memory import warn_of_scarce_memory
from podium.machine.tuning import restored_torch
from podium.recipe import Recipe, arrange, load_recipe
from podium.recipe.schedule_spec import Plateau
from podium.report import make_report, write_model_card
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, check_scores, load_tables, read_seconds, refuse_ensemble
from podium.store.refit_record import RefitRecord, read_refit
from podium.tables import Folds, Task
from podium.training.refit_length import refit_epochs
from podium.training.time_plan import duration_words
from podium.workflows.predict import NOT_MEASURED

__all__ = ["refit_run"]

WORTH_SAYING_S = 30.0
"""A shorter refit is over before its forecast is read."""


def refit_run(
    run: RunFolder, settings: Settings, progress: Progress, callbacks: Callbacks | None = None
) -> RefitRecord:
    """Train a model on all images of a scored run but its holdout, or take up where that was stopped.

    The number of epochs is written down before the first step, so that a resume is exact. No score of the run changes.

    Args:
        run: A finished run.
        settings: Machine and places; threads are the ones recorded with the run.
        progress: Receives progress and notes.
        callbacks: Follow the trainings, whose fold is -1.

    Returns:
        What was trained.

    Raises:
        UsageError: If the run is not finished, or its schedule needs a validation score.
        LockedError: If another process trains it right now.
        ImageError: If the images are gone, or are others than at the start.
        Stopped: If a signal asked for it; the same call goes on exactly.
    """
    check_scores(run)
    warn_of_scarce_memory(progress)
    try:
        with listen_for_stop() as stop, restored_torch():
            return _refit(run, settings, progress, stop, callbacks)
    except Stopped as stopped:
        stopped.fix = f"Continue with {call(f'podium.load_run({run.name!r}).refit')}."
        raise


def _refit(
    run: RunFolder, settings: Settings, progress: Progress, stop: StopRequest, callbacks: Callbacks | None
) -> RefitRecord:
    refuse_ensemble(run, "A refit")
    samples, folds = load_tables(run)
    assert samples.task is not None, "a run has a task"
    recipe = load_recipe(run.recipe_file)
    _refuse_validation(recipe)
    refit = _settle(run, recipe, samples.task, folds)
    _forecast(run, refit, folds, progress)
    trainer = FoldTrainer(run, samples, folds, settings, progress, stop, callbacks)
    for place, epochs in enumerate(refit.epochs.values()):
        trainer.train_all_rows(place, epochs)
    progress.note(NOT_MEASURED)
    with durable.wait_for_lock(run.path, while_waiting=say_while_waiting("the run", progress, stop)):
        write_model_card(run)
        make_report(run)
    return refit


def _refuse_validation(recipe: Recipe) -> None:
    if isinstance(recipe.schedule, Plateau) and recipe.schedule.watch == "score":
        raise UsageError(
            "schedule.watch=score lowers the learning rate by the validation score, and a refit has no images to"
            " validate on.",
            fix="Train the run with schedule.watch=train_loss, or predict with the folds' models.",
        )


def _settle(run: RunFolder, recipe: Recipe, task: Task, folds: Folds) -> RefitRecord:
    """What an earlier start wrote down, or what the folds' models say now."""
    known = read_refit(run)
    if known is not None:
        return known
    names = list(arrange(task, recipe.model.arrangement))
    chosen = run.read()["folds"]
    epochs = {
        name: refit_epochs(recipe, [read_about(run.training_folder(fold, name)) for fold in chosen]) for name in names
    }
    refit = RefitRecord(epochs, len(folds.learnt_rows))
    durable.write_json(run.refit_file, refit.to_dict())
    return refit


def _forecast(run: RunFolder, refit: RefitRecord, folds: Folds, progress: Progress) -> None:
    """Say how long it takes, by the pace of the folds' epochs."""
    if read_refit(run, finished=True) is not None:
        return
    seconds = 0.0
    for (fold, name), taken in read_seconds(run).items():
        epochs = max(1, read_about(run.training_folder(fold, name)).get("epochs", 1))
        grown = refit.n_images / len(folds.train_rows(fold))
        seconds += taken / epochs * grown * refit.epochs[name] / len(run.read()["folds"])
    if seconds >= WORTH_SAYING_S:
        progress.note(f"This takes about {duration_words(seconds)}, by the pace of the folds.")
