"""Predictions of a finished run for new images: every fold's model, then their mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from podium import durable
from podium.advice import option
from podium.data.view_frames import parts_of
from podium.decisions import without_groups
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.machine.device import prepare_process
from podium.machine.memory import warn_of_scarce_memory
from podium.predicting.images_to_predict import ImagesToPredict, open_images
from podium.predicting.predict_ensemble import predict_ensemble
from podium.predicting.run_rules import load_rules
from podium.predicting.save_mean import save_mean
from podium.store import (
    RunFolder,
    describe_arithmetic,
    digest_views,
    load_tables,
    refuse_ensemble,
    weights_of,
    weights_of_refit,
)
from podium.tables import (
    Predictions,
    Samples,
    load_predictions,
    mean_predictions,
    save_predictions,
)
from podium.texttable import Frame
from podium.training.asked_views import asked_views
from podium.training.predictor import Models, open_predictor

__all__ = ["NOT_MEASURED", "check_models", "check_views", "predict_run"]

NOT_MEASURED = (
    "The refit's own score is not measured: no image is left that it did not learn. The out-of-fold score is that of"
    " its recipe."
)


def predict_run(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    *,
    name: str = "test",
    views: Sequence[str] | None = None,
    models: Models = "folds",
    of_images: bool = False,
    table: str | Path | Frame | None = None,
) -> Predictions:
    """Predict images with every finished fold of a run, and average the folds; or with its model on all images.

    Images that cannot be decoded get the mean of the run's out-of-fold probabilities, which is what is known without
    looking, and are named in a note: a contest asks for every row.

    Args:
        run: A run with at least one finished fold.
        samples: Images; labels are not looked at.
        settings: Machine and places.
        progress: Receives progress and notes.
        name: Name of the files in the run's `predictions` folder.
        views: Views to average over; None takes those that the run chose (`podium tta`), else the recipe's.
        models: "folds", or "refit" for the model on all images.
        of_images: Whether the images themselves are asked for, so that those of a run with one answer for several need
            not say what belongs together.
        table: Table of the images, for ensembles that look at columns of it.

    Returns:
        The mean over folds, in the order of the samples; also on disk, each fold's beside it.

    Raises:
        UsageError: If there is no refit, no fold is finished, the name cannot be a file's, or the run pools over
            groups (see `podium decide --consensus`) and the images name none.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If no image can be decoded.
    """
    _check_name(name)
    check_views(views or ())
    check_models(models)
    warn_of_scarce_memory(progress)
    learnt = load_tables(run)[0]
    _check_groups(run, learnt, has_groups=samples.has_groups)
    if not of_images:
        _check_bags(learnt, samples)
    if run.is_ensemble:
        _refuse_refit(run, models)
        return predict_ensemble(run, samples, settings, progress, name=name, views=views, table=table)
    chosen = asked_views(run, views)
    predictor = open_predictor(run, settings, progress, keep=False, models=models, chosen=chosen)
    prepare_process(settings.n_threads)
    images = open_images(run, samples, predictor.recipe, settings, progress)
    made_by_fold = predictor.predict_folds(images.cache)
    if models == "refit":
        progress.note(NOT_MEASURED)
        per_fold = [images.complete(made, load_predictions(run.oof_file)) for _, made in made_by_fold]
        for fold in run.read()["folds"]:  # of the folds' models, which these predictions are not the mean of
            durable.remove_file(run.predictions_file(name, fold))
    else:
        per_fold = _save_folds(run, name, made_by_fold, len(predictor.folds), images, progress)
    if (caution := images.describe_bad()) is not None:
        progress.note(caution)
    weights = weights_of_refit(run) if models == "refit" else weights_of(run, predictor.folds)
    about = {
        "root": str(samples.root),
        "views": list(predictor.views),
        **({} if views else {"views_digest": digest_views(run)}),
        "models": models,
        "folds": [] if models == "refit" else list(predictor.folds),
        "computed": describe_arithmetic(predictor.device.type, settings.n_threads),
    }
    return save_mean(run, name, mean_predictions(per_fold), images, about, weights, per_fold, progress)


def _check_groups(run: RunFolder, learnt: Samples, *, has_groups: bool) -> None:
    """Refuse images without groups for a run that pools over them, before anything is read."""
    assert learnt.task is not None, "a run has a task"
    rules = load_rules(run, learnt.task)
    if rules.consensus and not has_groups:
        raise without_groups(rules.consensus)


def _check_bags(learnt: Samples, samples: Samples) -> None:
    """Refuse images without bags for a run that answers bags, and bags for a run that answers images."""
    if learnt.bag is not None and samples.bag is None:
        raise UsageError(
            "the run has one answer for several images, and these images do not say what belongs together.",
            field="answer_per",
            fix=f"Name it as the images are read ({option('answer_per')}: a column, 'folder', or a regular expression"
            " with one pair of brackets).",
        )
    if learnt.bag is None and samples.bag is not None:
        raise UsageError(
            "the run answers each image, and was never judged on bags of them.",
            field="answer_per",
            fix=f"Leave it out, or train with {option('answer_per')}.",
        )


def _save_folds(
    run: RunFolder,
    name: str,
    made_by_fold: Iterator[tuple[int, Predictions]],
    n_folds: int,
    images: ImagesToPredict,
    progress: Progress,
) -> list[Predictions]:
    """Each fold's predictions, on disk."""
    per_fold = []
    with progress.stage(f"predict with {count_of(n_folds, 'fold')}", n_folds) as update:
        for done, (fold, made) in enumerate(made_by_fold, start=1):
            predictions = images.complete(made, load_predictions(run.predictions_file("oof", fold)))
            path = run.predictions_file(name, fold)
            per_fold.append(save_predictions(predictions, path, weights=weights_of(run, [fold])))
            update(done)
    return per_fold


def _refuse_refit(run: RunFolder, models: Models) -> None:
    if models == "refit":
        refuse_ensemble(run, "A model on all images")


def check_models(models: str) -> None:
    """Raise UnknownNameError unless a run has models of this kind."""
    if models not in get_args(Models):
        raise UnknownNameError("kind of models", models, get_args(Models), field="models")


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name) or name == "oof" or re.search(r"-fold-\d+$", name):
        raise UsageError(
            f"{name!r} cannot name predictions.", field="name", fix="Use letters, digits, '-' and '_'; not 'oof'."
        )


def check_views(views: Sequence[str]) -> None:
    """Raise UnknownNameError unless each of these is a view, and UsageError where a number in one is out of range."""
    for view in views:
        parts_of(view)
