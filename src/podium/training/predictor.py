"""The trained models of a run as a function from images to predictions: loaded once, asked many times."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from podium.advice import call
from podium.backbone.frozen_backbone import FrozenBackbone
from podium.backbone.frozen_features import load_backbone
from podium.data import GivenImage, MemoryImages, StoredImages, cut_to
from podium.decisions import complete_probs
from podium.engine.saved_weights import load_weights
from podium.errors import UsageError
from podium.machine import Progress, Settings, Silent
from podium.machine.device import choose_device
from podium.models import Backbone, Classifier, LinearHeads, fuse
from podium.recipe import Recipe, arrange, build_backbone_of, load_recipe
from podium.recipe.build_heads import build_heads
from podium.recipe.crop_images import store_regions
from podium.recipe.view_detail import check_detail
from podium.stopping import StopRequest
from podium.store import ChosenViews, RunFolder, load_tables, read_chosen_views, refuse_ensemble
from podium.store.refit_record import read_refit
from podium.tables import Predictions, Task, mean_predictions
from podium.training.autotune import resolve_without_autotune
from podium.training.inputs import Inputs
from podium.training.make_inputs import make_inputs
from podium.training.mean_over_views import frames_of_views, mean_over_views
from podium.training.one_training import ALL_ROWS

__all__ = ["Models", "Predictor", "TrainedModels", "open_predictor"]

Models = Literal["folds", "refit"]
"""Which models of a run predict: those of its folds, or the one on all images."""


@dataclass(frozen=True)
class TrainedModels:
    """What trainings left behind, wherever it is kept.

    Args:
        recipe: The recipe they were trained with, nothing in it "auto".
        task: What was learnt.
        folds: Folds whose models are there.
        load_frozen: Gives a frozen backbone with its weights; called only where the recipe freezes the whole backbone.
        load: Loads the weights of (fold, model name) into a module.
    """

    recipe: Recipe
    task: Task
    folds: tuple[int, ...]
    load_frozen: Callable[[], Backbone]
    load: Callable[[nn.Module, int, str], None]


class Predictor:
    """Predictions of trained models.

    Each model is loaded when it is first asked, and kept.

    Args:
        trained: The models.
        device: Where they compute.
        settings: Threads, and the place of features that are computed for a cache.
        progress: Receives the progress of what takes long.
        keep: Whether several models are kept in memory; False loads one after the other into the same network.
        views: Views to average over where nobody names others; none takes the recipe's.

    Attributes:
        views: These views.

    Example:
        predictor = podium.load_run("last").predictor()
        predictor.predict([photo]).probs["label"]
    """

    def __init__(
        self,
        trained: TrainedModels,
        device: torch.device,
        settings: Settings,
        progress: Progress | None = None,
        *,
        keep: bool = True,
        views: Sequence[str] = (),
    ) -> None:
        self.views = tuple(views or trained.recipe.predict_views)
        self._trained = trained
        self.device = device
        self._settings = settings
        self._progress = progress or Silent()
        self._keep = keep
        self.models: Mapping[str, Task] = arrange(trained.task, trained.recipe.model.arrangement)
        self._templates: dict[str, nn.Module] = {}
        self._loaded: dict[tuple[int, str], nn.Module] = {}

    @property
    def recipe(self) -> Recipe:
        """The recipe of the models."""
        return self._trained.recipe

    @property
    def task(self) -> Task:
        """What they predict."""
        return self._trained.task

    @property
    def folds(self) -> tuple[int, ...]:
        """Folds whose models are there."""
        return self._trained.folds

    def predict(
        self,
        images: Sequence[GivenImage],
        *,
        ids: Sequence[str] | None = None,
        views: Sequence[str] | None = None,
        folds: Sequence[int] | None = None,
    ) -> Predictions:
        """Predictions for images of any size: the mean over the folds' models.

        Args:
            images: Upright RGB arrays uint8 (H, W, 3), paths, or images of Pillow.
            ids: Their ids; None counts from "0".
            views: Views to average over; None takes `views`.
            folds: Folds to ask; None asks all.

        Raises:
            ImageError: If an array has another type or shape, or a file cannot be decoded.
            UsageError: If there are no images, or a fold is not there.
        """
        stored = self.store(images, ids=ids)
        return mean_predictions([made for _, made in self.predict_folds(stored, views=views, folds=folds)])

    def predict_folds(
        self, images: StoredImages, *, views: Sequence[str] | None = None, folds: Sequence[int] | None = None
    ) -> Iterator[tuple[int, Predictions]]:
        """Each fold's predictions for decoded images, one fold after the other.

        Args:
            images: A cache, or images in memory, of the recipe's `stored_px`.
            views: Views to average over; None takes `views`.
            folds: Folds to ask; None asks all.

        Raises:
            UsageError: If there are no images.
        """
        if not len(images.ids):
            raise UsageError("there are no images to predict.")
        views = tuple(views or self.views)
        inputs = self.inputs_of_models(images, views=views)  # computed once, now, and not when the first fold is asked
        chosen = self.folds if folds is None else folds
        return (
            (fold, self.predict_rows(fold, images.ids, inputs, np.arange(len(images.ids)), views)) for fold in chosen
        )

    def predict_rows(
        self,
        fold: int,
        ids: NDArray[np.object_],
        inputs: Mapping[str, Inputs],
        rows: NDArray[np.int64],
        views: Sequence[str],
    ) -> Predictions:
        """A fold's predictions for some rows of inputs.

        Args:
            fold: The fold.
            ids: Ids of these rows.
            inputs: What `inputs_of_models` gave for at least these views.
            rows: Rows of the inputs.
            views: Views to average over.
        """
        probs: dict[str, NDArray[np.float64]] = {}
        for name, part in self.models.items():
            probs |= mean_over_views(
                self.model(fold, name),
                partial(inputs[name].eval_batches, rows),
                views,
                part,
                device=self.device,
                precision=str(self.recipe.training.precision),
            )
        return Predictions(self.task, ids, np.full(len(ids), fold, dtype=np.int64), complete_probs(probs, self.task))

    def store(self, images: Sequence[GivenImage], *, ids: Sequence[str] | None = None) -> MemoryImages:
        """Images of any size as the models' cache would hold them."""
        return store_regions(images, self.recipe, ids=ids, n_threads=self._settings.n_threads)

    def inputs(
        self, images: StoredImages, *, views: Sequence[str] | None = None, stop: StopRequest | None = None
    ) -> Inputs:
        """What `model` takes, for these images in these views: features of a frozen backbone, else images.

        Args:
            images: A cache, or images in memory, of the recipe's `stored_px`.
            views: Views; None takes `views`.
            stop: Asked before every batch of a frozen forward pass.
        """
        chosen = frames_of_views(views or self.views)
        check_detail(views or self.views, self.recipe.image)
        model = self.recipe.model.model_copy(update={"cached_views": 0})
        training = self.recipe.training.model_copy(update={"augment_on": "cpu"})
        recipe = self.recipe.model_copy(
            update={"model": model, "training": training, "predict_views": chosen, "feature_views": chosen}
        )
        said, frozen = self._progress, self._frozen
        return make_inputs(recipe, self.task, images, self.device, self._settings, said, frozen=frozen, stop=stop)

    def inputs_of_models(
        self, images: StoredImages, *, views: Sequence[str] | None = None, stop: StopRequest | None = None
    ) -> dict[str, Inputs]:
        """What each model takes, by its name; models that see one region share it."""
        by_region: dict[str, Inputs] = {}
        for region in dict.fromkeys(map(self.recipe.image.region_of, self.models)):
            by_region[region] = self.inputs(cut_to(images, region), views=views, stop=stop)
        return {name: by_region[self.recipe.image.region_of(name)] for name in self.models}

    def model(self, fold: int, name: str) -> nn.Module:
        """The model of a fold that takes `inputs` and gives logits by head name, in evaluation mode.

        Branches that only training needs (RepVGG) are fused, where that changes no output by more than 1e-5.

        Args:
            fold: One of `folds`.
            name: One of `models`.

        Raises:
            UsageError: If there is no such model.
        """
        if fold not in self.folds or name not in self.models:
            raise UsageError(
                f"there is no model {name!r} of fold {fold}; there are {', '.join(self.models)} of folds"
                f" {', '.join(map(str, self.folds))}."
            )
        model = self._loaded.get((fold, name))
        if model is None:
            template = self._template(name)
            model = copy.deepcopy(template) if self._keep else template
            self._trained.load(model, fold, name)
            if isinstance(model, Classifier):
                model = fuse(model, self.recipe.image.sides)
            if self._keep:
                self._loaded[fold, name] = model
        return model

    def network(self, fold: int, name: str) -> Classifier:
        """The whole network of a fold, from raw images (B, H, W, 3) to logits by head name.

        It is `model` itself, unless that takes the features of a frozen backbone: then it is backbone and heads in
        one, in torch and fp32.
        """
        model = self.model(fold, name)
        if isinstance(model, Classifier):
            return model
        assert isinstance(model, LinearHeads)
        assert self._frozen is not None
        return Classifier(self._frozen.backbone, self.models[name], heads=model).to(self.device).eval()

    def _template(self, name: str) -> nn.Module:
        if name not in self._templates:
            backbone = self._backbone if self._frozen is None else self._frozen.backbone
            heads = build_heads(self.recipe, self.models[name], backbone.n_features)
            built = heads if self._frozen is not None else Classifier(backbone, heads.task, heads=heads)
            self._templates[name] = built.to(self.device).eval()
        return self._templates[name]

    @cached_property
    def _backbone(self) -> Backbone:
        """Its weights are loaded with each model's; models that are not kept share its memory."""
        return build_backbone_of(self.recipe, weights="random")

    @cached_property
    def _frozen(self) -> FrozenBackbone | None:
        if self.recipe.model.freeze != "backbone":
            return None
        backbone, n_threads = self._trained.load_frozen(), self._settings.n_threads
        return FrozenBackbone(self.recipe, backbone, self.task, self.device, n_threads, self._progress)


def open_predictor(
    run: RunFolder,
    settings: Settings,
    progress: Progress | None = None,
    *,
    keep: bool = True,
    models: Models = "folds",
    chosen: ChosenViews | None = None,
) -> Predictor:
    """The predictor of a run's finished folds, or of its model on all images.

    Args:
        run: A run with at least one finished fold.
        settings: Machine and places.
        progress: Receives the progress of what takes long.
        keep: Whether all models are kept in memory once they are loaded.
        models: "folds", or "refit" for the model on all images.
        chosen: Views in the place of those that the run chose (`podium tta`), or else its recipe names.

    Raises:
        UsageError: If no fold is finished, or there is no refit.
        CorruptFileError: If a table of the run is not the one it was started with.
    """
    refuse_ensemble(run, "A predictor")
    device = choose_device(settings.device)
    recipe = resolve_without_autotune(load_recipe(run.recipe_file), device)
    task = load_tables(run)[0].task
    folds = tuple(fold for fold in run.read()["folds"] if run.is_fold_done(fold))
    if models == "refit":
        _require_refit(run)
        folds = (ALL_ROWS,)
    if not folds or task is None:
        raise UsageError(
            f"no fold of run {run.name!r} is finished.", fix=f"Continue it with {call('podium.resume', run.name)}."
        )
    chosen = chosen or read_chosen_views(run) or ChosenViews(())
    if chosen.stored_px is not None:
        image = recipe.image.model_copy(update={"stored_px": chosen.stored_px})
        recipe = recipe.model_copy(update={"image": image})
    trained = TrainedModels(
        recipe,
        task,
        folds,
        load_frozen=partial(load_backbone, recipe, run.backbone_folder),
        load=lambda model, fold, name: load_weights(model, _folder_of(run, fold, name)),
    )
    return Predictor(trained, device, settings, progress, keep=keep, views=chosen.views)


def _folder_of(run: RunFolder, fold: int, name: str) -> Path:
    return run.refit_folder(name) if fold == ALL_ROWS else run.training_folder(fold, name)


def _require_refit(run: RunFolder) -> None:
    if read_refit(run, finished=True) is None:
        raise UsageError(
            f"run {run.name!r} has no model on all images, or it is not finished.",
            fix=f"Train it with {call(f'podium.load_run({run.name!r}).refit')}.",
        )
