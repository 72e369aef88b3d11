"""Predictions of a finished run for new images: every fold's model, then their mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from torch import nn

from podium import durable
from podium.backbone.frozen_features import frozen_features, load_backbone
from podium.data import EvalLoader, FeatureEvalLoader, ImageCache, View
from podium.dataset.known_images import find_known_images
from podium.dataset.ready_images import ReadyImages, make_ready
from podium.decisions import complete_probs
from podium.engine import EvalBatches
from podium.engine.saved_weights import load_weights
from podium.errors import ImageError, UnknownNameError, UsageError
from podium.machine import Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.models import Backbone, Classifier, LinearHeads
from podium.recipe import Recipe, arrange, build_backbone_of, load_recipe
from podium.store import RunFolder, load_tables
from podium.tables import (
    Predictions,
    Samples,
    Task,
    load_predictions,
    mean_predictions,
    save_predictions,
)
from podium.training.autotune import resolve_without_autotune
from podium.training.inputs import FEATURE_BATCH
from podium.training.mean_over_views import mean_over_views
from podium.workflows.carry_on import BACKBONE

__all__ = ["predict_run"]


def predict_run(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    *,
    name: str = "test",
    views: Sequence[View] | None = None,
) -> Predictions:
    """Predict images with every finished fold of a run, and average the folds.

    Images that cannot be decoded get the mean of the run's out-of-fold probabilities, which is what is known without
    looking, and are named in a note: a contest asks for every row.

    Args:
        run: A run with at least one finished fold.
        samples: Images; labels are not looked at.
        settings: Machine and places.
        progress: Told what is going on.
        name: Name of the files in the run's `predictions` folder.
        views: Views to average over; None takes the recipe's.

    Returns:
        The mean over folds, in the order of the samples; also on disk, each fold's beside it.

    Raises:
        UsageError: If no fold is finished, or the name cannot be a file's.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If no image can be decoded.
    """
    _check_name(name)
    _check_views(views or ())
    record = run.read()
    recipe = resolve_without_autotune(load_recipe(run.recipe_file), choose_device(settings.device))
    learnt, frozen = load_tables(run)
    task = learnt.task
    folds = [fold for fold in record["folds"] if run.predictions_file("oof", fold).is_file()]
    if not folds or task is None:
        raise UsageError(
            f"no fold of run {run.name!r} is finished.", fix=f"Go on with podium train --resume {run.name}."
        )
    if views:
        recipe = recipe.model_copy(update={"predict_views": tuple(views), "feature_views": tuple(views)})
    prepare_process(settings.n_threads)
    images = make_ready(samples, recipe, settings, progress, limit_fraction=1.0)
    _require_some(images)
    known = find_known_images(record, learnt, frozen, images)
    return_freed_memory()
    if known is not None and not known.is_clean:
        progress.note(f"Among these images are some the run was trained on, or nearly so. {known.verdict}")
    predictor = _Predictor(run, recipe, task, images.cache, settings, progress)
    bad = np.flatnonzero(~images.cache.is_usable)
    per_fold = []
    with progress.stage(f"predict with {len(folds)} folds", len(folds)) as update:
        for done, fold in enumerate(folds, start=1):
            predictions = predictor.predict(fold, images.cache.ids)
            predictions = _fill_unreadable(predictions, bad, load_predictions(run.predictions_file("oof", fold)))
            save_predictions(predictions, run.predictions_file(name, fold))
            per_fold.append(predictions)
            update(done)
    if len(bad):
        few = ", ".join(images.cache.ids[bad][:5])
        progress.note(f"{len(bad)} images cannot be decoded and got the average prediction: {few}")
    mean = mean_predictions(per_fold)
    save_predictions(mean, run.predictions_file(name))
    about = {
        "root": str(samples.root),
        "views": list(recipe.predict_views),
        "folds": folds,
        "unreadable": images.cache.ids[bad].tolist(),
        "known_images": None if known is None else known.to_dict(),
    }
    durable.write_json(run.predictions_file(name).with_suffix(".json"), about)
    return mean


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name) or name == "oof" or re.search(r"-fold-\d+$", name):
        raise UsageError(f"{name!r} cannot name predictions.", fix="Use letters, digits, '-' and '_'; not 'oof'.")


def _check_views(views: Sequence[str]) -> None:
    for view in views:
        if view not in get_args(View):
            raise UnknownNameError("view", view, get_args(View), where="--tta")


def _require_some(images: ReadyImages) -> None:
    if not images.cache.is_usable.any():
        raise ImageError(
            f"none of the {len(images.audit)} images can be decoded.",
            where=images.samples.root,
            fix="Name the folder of the test images, and look whether they were copied in whole.",
            details=[f"{row.id}: {row.outcome}, {row.reason}" for row in images.audit.quarantine],
        )


class _Predictor:
    """Builds the networks once and loads each fold's weights into them."""

    def __init__(
        self, run: RunFolder, recipe: Recipe, task: Task, cache: ImageCache, settings: Settings, progress: Progress
    ) -> None:
        self._run, self._recipe, self._task = run, recipe, task
        self._device = choose_device(settings.device)
        self._cache = cache
        self._parts = arrange(task, recipe.model.arrangement)
        self._rows: NDArray[np.int64] = np.arange(len(cache))
        self._features: NDArray[np.float32] | None = None
        if recipe.model.freeze != "backbone":
            backbone = build_backbone_of(recipe, weights="random")
        else:
            backbone = load_backbone(recipe, run.path / BACKBONE)
            self._features = frozen_features(recipe, backbone, task, cache, settings, self._device, progress)
        self._models = {name: self._build(backbone, part).to(self._device) for name, part in self._parts.items()}

    def _build(self, backbone: Backbone, part: Task) -> nn.Module:
        if self._features is not None:
            return LinearHeads(part, self._features.shape[2])
        return Classifier(backbone, part)  # parts share the backbone's memory: each is loaded just before it predicts

    def _batches(self, view: str) -> EvalBatches:
        if self._features is not None:
            place = [str(name) for name in self._recipe.feature_views].index(view)
            return FeatureEvalLoader(self._features, self._rows, FEATURE_BATCH, place)
        size = int(self._recipe.image.size_px)
        batch_size = 2 * self._recipe.training.batch_size
        return EvalLoader(self._cache.pixels, self._rows, batch_size, size, size, view=view)  # type: ignore[arg-type]

    def predict(self, fold: int, ids: NDArray[np.object_]) -> Predictions:
        probs: dict[str, NDArray[np.float64]] = {}
        for name, part in self._parts.items():
            model = self._models[name]
            load_weights(model, self._run.training_folder(fold, name))
            probs |= mean_over_views(
                model,
                self._batches,
                self._recipe.predict_views,
                part,
                device=self._device,
                precision=self._recipe.training.precision,
            )
        made_by = np.full(len(ids), fold, dtype=np.int64)
        return Predictions(self._task, ids, made_by, complete_probs(probs, self._task))


def _fill_unreadable(predictions: Predictions, bad: NDArray[np.int64], oof: Predictions) -> Predictions:
    if not len(bad):
        return predictions
    probs = {}
    for name, values in predictions.probs.items():
        filled = np.array(values)
        filled[bad] = oof.probs[name].mean(axis=0)
        probs[name] = filled
    return Predictions(predictions.task, predictions.ids, predictions.fold, probs)
