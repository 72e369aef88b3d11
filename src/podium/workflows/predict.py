"""Predictions of a finished run for new images: every fold's model, then their mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import option
from podium.data import View
from podium.dataset.known_images import find_known_images
from podium.dataset.ready_images import ReadyImages, describe_crops, make_ready
from podium.decisions import without_groups
from podium.errors import ImageError, UnknownNameError, UsageError
from podium.listing import count_of, list_some
from podium.machine import Caution, Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import prepare_process
from podium.machine.memory import warn_of_scarce_memory
from podium.store import RunFolder, find_stale, load_tables, weights_of, weights_of_refit
from podium.tables import (
    Predictions,
    Samples,
    load_predictions,
    mean_predictions,
    number_bags,
    save_predictions,
)
from podium.training.predictor import Models, open_predictor
from podium.workflows.decide import load_rules, write_answers

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
    views: Sequence[View] | None = None,
    models: Models = "folds",
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
        views: Views to average over; None takes the recipe's.
        models: "folds", or "refit" for the model on all images.

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
    learnt, frozen = load_tables(run)
    group = samples.group if samples.has_groups else None
    _check_groups(run, learnt, has_groups=group is not None)
    _check_bags(learnt, samples)
    predictor = open_predictor(run, settings, progress, keep=False, models=models)
    prepare_process(settings.n_threads)
    images = make_ready(samples, predictor.recipe, settings, progress)
    _require_some(images)
    for note in describe_crops(images.audit, predictor.recipe.image.preprocessing):
        progress.note(note)
    known = find_known_images(run, learnt, frozen, images)
    return_freed_memory()
    if known is None:
        progress.note(
            Caution(
                "Whether some of these images were in the training data cannot be told: the run has no sound"
                " fingerprints of its images, and no cache."
            )
        )
    elif not known.is_clean:
        words = "Some of these images, or near-duplicates of them, were in the training data of this run."
        progress.note(Caution(f"{words} {known.verdict}"))
    bad = np.flatnonzero(~images.cache.is_usable)
    made_by_fold = predictor.predict_folds(images.cache, views=views)
    rows = samples.rows_of(images.cache.ids)
    group, bag = (None if column is None else column[rows] for column in (group, samples.bag))
    if models == "refit":
        progress.note(NOT_MEASURED)
        oof = load_predictions(run.oof_file)
        per_fold = [_fill_unreadable(replace(made, group=group, bag=bag), bad, oof) for _, made in made_by_fold]
        for fold in run.read()["folds"]:  # of the folds' models, which these predictions are not the mean of
            durable.remove_file(run.predictions_file(name, fold))
    else:
        made_by_fold = ((fold, replace(made, group=group, bag=bag)) for fold, made in made_by_fold)
        per_fold = _save_folds(run, name, made_by_fold, len(predictor.folds), bad, progress)
    if len(bad):
        few = list_some(images.cache.ids[bad], most=5)
        progress.note(
            Caution(
                f"{count_of(len(bad), 'image cannot', 'images cannot')} be decoded; they get the average"
                f" prediction{' of their bag' if bag is not None else ''}: {few}."
            )
        )
    weights = weights_of_refit(run) if models == "refit" else weights_of(run, predictor.folds)
    mean = save_predictions(mean_predictions(per_fold), run.predictions_file(name), weights=weights)
    about = {
        "root": str(samples.root),
        "views": list(views or predictor.recipe.predict_views),
        "models": models,
        "folds": [] if models == "refit" else list(predictor.folds),
        "unreadable": images.cache.ids[bad].tolist(),
        "known_images": None if known is None else known.to_dict(),
        "weights": weights,
        "files": {origin.path.name: origin.sha256 for made in (*per_fold, mean) for origin in made.origins},
        "answers": write_answers(run, name, mean),
    }
    # Last: it proves that the files are of one prediction.
    durable.write_json(run.predictions_file(name).with_suffix(".json"), about)
    for stale in find_stale(run):
        progress.note(str(stale))
    return mean


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
    bad: NDArray[np.int64],
    progress: Progress,
) -> list[Predictions]:
    """Each fold's predictions, on disk."""
    per_fold = []
    with progress.stage(f"predict with {count_of(n_folds, 'fold')}", n_folds) as update:
        for done, (fold, made) in enumerate(made_by_fold, start=1):
            predictions = _fill_unreadable(made, bad, load_predictions(run.predictions_file("oof", fold)))
            path = run.predictions_file(name, fold)
            per_fold.append(save_predictions(predictions, path, weights=weights_of(run, [fold])))
            update(done)
    return per_fold


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
    """Raise UnknownNameError unless each of these is a view."""
    for view in views:
        if view not in get_args(View):
            raise UnknownNameError("view", view, get_args(View), field="tta")


def _require_some(images: ReadyImages) -> None:
    if not images.cache.is_usable.any():
        raise ImageError(
            f"none of the {count_of(len(images.audit), 'image')} can be decoded.",
            where=images.samples.root,
            fix="Check that this is the folder of the test images, and that they were copied completely.",
            details=[f"{row.id}: {row.outcome}, {row.reason}" for row in images.audit.quarantine],
        )


def _fill_unreadable(predictions: Predictions, bad: NDArray[np.int64], oof: Predictions) -> Predictions:
    if not len(bad):
        return predictions
    mates = _readable_mates(predictions, bad)
    probs = {}
    for name, values in predictions.probs.items():
        filled = np.array(values)
        filled[bad] = oof.probs[name].mean(axis=0)
        for row, others in mates.items():
            filled[row] = values[others].mean(axis=0)
        probs[name] = filled
    return replace(predictions, probs=probs)


def _readable_mates(predictions: Predictions, bad: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """The readable images of the bag of each unreadable one, whose mean changes no mean and no maximum of the bag."""
    if predictions.bag is None:
        return {}
    numbers = number_bags(predictions.ids, predictions.bag)
    is_good = np.ones(len(numbers), dtype=bool)
    is_good[bad] = False
    found = {int(row): np.flatnonzero(is_good & (numbers == numbers[row])) for row in bad}
    return {row: others for row, others in found.items() if len(others)}
