"""A scikit-learn classifier over images, for `cross_val_score`, pipelines and searches."""

from __future__ import annotations

import copy
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from podium.backbone.frozen_backbone import FrozenBackbone
from podium.curate.value_uses import uses_of_values
from podium.data import cut_to, median_side_of
from podium.dataset.given_images import list_given_images, read_given_weights
from podium.dataset.given_labels import GivenLabels, read_given_labels
from podium.dataset.ready_images import describe_short_sides, describe_values
from podium.decisions import complete_probs
from podium.engine import Checkpoints, TrainState, mix_seed
from podium.errors import LabelError, RecipeError, UsageError
from podium.listing import count_of
from podium.machine import Settings, Silent
from podium.machine.device import choose_device
from podium.metrics import check_metric_computable, default_metric
from podium.metrics import metric as find_metric
from podium.models import Backbone, LinearHeads, remove_lora, unfreeze
from podium.recipe import (
    Overrides,
    Recipe,
    arrange,
    check_buildable,
    normalise_as,
    override_keys,
    resolve_recipe,
    resolve_statistics,
    settle_features,
)
from podium.recipe.check_for_task import check_for_task, check_metric_of, describe_for_task
from podium.recipe.crop_images import store_regions
from podium.splits import make_folds
from podium.stopping import StopRequest
from podium.tables import HOLDOUT, Samples
from podium.trackers.follow import PATIENCE_S
from podium.trackers.follow_given import GivenTrackers
from podium.trackers.registry import read_names
from podium.training.autotune import require_compiler, require_engine, resolve_without_autotune
from podium.training.classifier_teachers import ask_classifiers, list_teachers
from podium.training.draw_weights import make_draw_weights
from podium.training.fitting import LabelledRows, prepare_fitting, select_metric
from podium.training.inputs import FeatureInputs, Inputs
from podium.training.make_inputs import make_inputs
from podium.training.mixers import make_mixer
from podium.training.nearest_decoding import remember_training_images
from podium.training.predictor import Predictor, TrainedModels
from podium.training.probe import start_heads
from podium.training.solved_training import train_solved
from podium.workflows.compose import compose_recipe

__all__ = ["ImageClassifier"]


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Podium's recipes with scikit-learn's interface, for all three kinds of tasks.

    It keeps no run folder and writes no file. What a run would note about images or weights comes as a warning. "auto"
    in a recipe is resolved without timing anything: torch, fp32 on a CPU, and no cached views of frozen blocks, which
    save nothing within one training.

    Each image is answered by itself; for one answer to several images use `podium.train(answer_per=...)`.

    Args:
        preset: "baseline", "quick", "finetune", "strong", "contest-f" or "contest-l".
        overrides: Recipe keys to change: {"training.epochs": 12}, or lines such as ["training.epochs=12"]. The seed is
            `random_state`.
        teacher: Another ImageClassifier, or several, whose probabilities are learnt beside the labels (distillation,
            the mean of several). `fit` clones and fits it on the same training images first, so cross-validation stays
            honest; `overrides` has distill.weight and distill.temperature.
        validation_fraction: Share of the training images that validate each epoch, drawn as stratified as the labels
            allow; None trains on all images. Needed for training.select=best, training.patience, metric and
            schedule.watch=score.
        random_state: Seed of everything random; None draws one anew at each fit.
        device: "auto", "cpu", "cuda" or "mps".
        track: Trackers that are told of every epoch: "tensorboard", "wandb", "mlflow", or several. One that fails or
            hangs is left out with a warning, the training stays as it is.
        track_folder: Folder in which each `fit` gets a folder for its trackers; written only with `track`.

    Attributes:
        classes_: Class labels, sorted, shape (C,); the names of the columns for several labels; for several outputs a
            list with the class labels of each.
        recipe_: The resolved recipe.
        validation_scores_: Model name -> the score of each epoch; empty without a `validation_fraction`.

    Example:
        scores = cross_val_score(ImageClassifier(), paths, labels, groups=students, cv=GroupKFold(5))
    """

    def __init__(
        self,
        preset: str = "baseline",
        *,
        overrides: Overrides = (),
        teacher: Any = None,
        validation_fraction: float | None = None,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
        track: str | Sequence[str] | None = None,
        track_folder: str | Path = "tracked",
    ) -> None:
        self.preset = preset
        self.overrides = overrides
        self.teacher = teacher
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.track = track
        self.track_folder = track_folder

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - scikit-learn's names
        """Train.

        Args:
            X: Images, length N: paths, Pillow images, uint8 RGB arrays (H, W, 3), or one array (N, H, W, 3).
            y: Labels, shape (N,); a 0/1 matrix (N, C) for several labels an image; or several columns (N, K), array
                or data frame, for several outputs.
            sample_weight: Weight of each image's loss in training, shape (N,), at least 0; None weighs all alike.

        Raises:
            LabelError: If there are fewer than two classes, X, y and the weights differ in length, or a weight is no
                number of at least 0.
            ImageError: If an image cannot be decoded.
            UsageError: If the recipe is wrong, says something that has no effect, or needs a `validation_fraction` and
                there is none.
        """
        images, trackers = list_given_images(X), read_names(self.track)
        recipe = self._compose()
        given = read_given_labels(
            y,
            joint=recipe.model.arrangement == "joint",
            numbers_are_ordered=recipe.model.ordinal == "cumulative",
        )
        n_labels = len(next(iter(given.labels.values())))
        if len(images) != n_labels:
            raise LabelError(f"{count_of(len(images), 'image')}, but {count_of(n_labels, 'label')}.")
        weight = read_given_weights(sample_weight, len(images))
        check_metric_of(recipe, given.task)
        recipe = resolve_recipe(recipe, median_side_px=median_side_of(images))
        device = choose_device(self.device)
        require_engine(recipe, device)
        require_compiler(recipe, device)
        self.recipe_ = resolve_without_autotune(recipe, device)
        _refuse_borders(recipe)
        check_for_task(self.recipe_, given.task, None)
        for said in describe_for_task(self.recipe_, given.task):
            warnings.warn(said, UserWarning, stacklevel=2)
        backbone, model = check_buildable(self.recipe_, given.task)
        remove_lora(backbone.module)
        unfreeze(backbone.module)  # as it was built: it is trained or made features with, not built again
        self.recipe_ = settle_features(self.recipe_, model)
        self._given = given
        classes = list(given.classes.values())
        self.classes_: Any = classes if len(classes) > 1 else classes[0]
        with self._tracked(trackers):
            self._train(images, y, given, weight, device, backbone)
        return self

    @contextmanager
    def _tracked(self, names: Sequence[str]) -> Iterator[None]:
        """Trackers during a training; they are told the validation scores at its end."""
        folder = Path(self.track_folder) / f"fit-{uuid.uuid4().hex[:8]}"
        config = self.recipe_.model_dump(mode="json")
        self._trackers = GivenTrackers(
            names, folder, config, lambda line: warnings.warn(line, UserWarning, stacklevel=2)
        )
        self.validation_scores_: dict[str, list[float]] = {}
        self._weights: dict[str, Mapping[str, torch.Tensor]] = {}
        patience_s = 0.0
        try:
            yield
            patience_s = PATIENCE_S
        finally:
            last = {f"score/{name}": scores[-1] for name, scores in self.validation_scores_.items() if scores}
            self._trackers.close(last or {"n_trainings": float(len(self._weights))}, patience_s)
            del self._trackers

    def _compose(self) -> Recipe:
        if "seed" in override_keys(self.overrides):
            raise UsageError("the seed of an ImageClassifier is `random_state`.", fix="Leave seed= out of overrides.")
        drawn = isinstance(self.random_state, int | np.integer)
        seed = self.random_state if drawn else check_random_state(self.random_state).randint(2**31 - 1)
        teachers = [type(one).__name__ for one in list_teachers(self.teacher, ImageClassifier)]
        if "distill.teacher" in override_keys(self.overrides):
            raise UsageError(
                "distill.teacher names runs, whose folds an ImageClassifier does not have.",
                fix="Give another classifier as its teacher, or distil with podium.train, on the teacher's folds.",
            )
        recipe = compose_recipe(self.preset, overrides=self.overrides, seed=int(seed), teacher=teachers or None)  # type: ignore[arg-type]
        needs = [
            f"{name}={value}"
            for name, value, is_needed in (
                ("training.select", recipe.training.select, recipe.training.select == "best"),
                ("training.patience", recipe.training.patience, recipe.training.patience is not None),
                ("training.soup_choice", "greedy", recipe.training.soup_choice == "greedy"),
                ("metric", recipe.metric, recipe.metric is not None and not recipe.is_solved),
                ("schedule.watch", "score", getattr(recipe.schedule, "watch", None) == "score"),
            )
            if is_needed
        ]
        if needs and self.validation_fraction is None:
            raise UsageError(
                f"{', '.join(needs)} needs validation images.",
                fix="Set validation_fraction, such as ImageClassifier(validation_fraction=0.1).",
            )
        return recipe

    def _train(
        self,
        images: Sequence[Any],
        y: Any,
        given: GivenLabels,
        weight: NDArray[np.float64] | None,
        device: torch.device,
        backbone: Backbone,
    ) -> None:
        recipe, settings = self.recipe_, Settings()
        stored = store_regions(images, recipe, n_threads=settings.n_threads, with_values=True)
        assert stored.values is not None
        assert stored.sizes is not None
        short = describe_short_sides(stored.ids, stored.sizes, recipe.image.preprocessing)
        for note in (*backbone.notes, *short, *describe_values(uses_of_values(stored.values))):
            warnings.warn(note, UserWarning, stacklevel=3)
        train, valid = self._divide(given, stored.ids, weight)
        recipe = self.recipe_ = resolve_statistics(recipe, stored.pixels, train.rows)
        backbone = normalise_as(recipe, backbone)
        frozen: FrozenBackbone | None = None
        self._backbone: Backbone | None = None
        if recipe.model.freeze == "backbone":
            self._backbone = backbone
            frozen = FrozenBackbone(recipe, backbone, given.task, device, settings.n_threads, Silent())
        if self.teacher is not None:
            teachers = list_teachers(self.teacher, ImageClassifier)
            told = ask_classifiers(teachers, images, y, weight, train.rows, given.task)
            train = replace(train, teacher=complete_probs(told, given.task))
        parts = arrange(given.task, recipe.model.arrangement)
        inputs: dict[str, Inputs] = {}
        for region in dict.fromkeys(map(recipe.image.region_of, parts)):
            cut, start = cut_to(stored, region), None if inputs else backbone
            inputs[region] = make_inputs(
                recipe, given.task, cut, device, settings, Silent(), frozen=frozen, backbone=start
            )
        del backbone
        for place, name in enumerate(parts):
            self._train_one(place, name, inputs[recipe.image.region_of(name)], train, valid, device)
        self._predictor: Predictor | None = None

    def _train_one(
        self,
        place: int,
        name: str,
        inputs: Inputs,
        train: LabelledRows,
        valid: LabelledRows | None,
        device: torch.device,
    ) -> None:
        recipe, whole = self.recipe_, self._given.task
        task = arrange(whole, recipe.model.arrangement)[name]
        seed = mix_seed(recipe.seed, place) if place else recipe.seed
        model = inputs.build_model(task, train.rows, seed=seed).to(device)
        metric = select_metric(recipe, whole, task)
        if recipe.is_solved:
            assert isinstance(model, LinearHeads)
            assert isinstance(inputs, FeatureInputs)
            solved = train_solved(
                recipe,
                task,
                model,
                inputs,
                train,
                valid,
                metric=metric,
                seed=seed,
                stop=StopRequest(),
                device=device,
            )
            self._weights[name] = model.state_dict()
            self._trackers.follower(name).on_epoch(solved.record)
            if valid is not None:
                self.validation_scores_[name] = [solved.record.scores[task.main_target.name]]
            return
        train = replace(train, draw_weights=make_draw_weights(recipe, whole, task, train.labels))
        if train.teacher:
            train = replace(train, teacher={head.name: train.teacher[head.name] for head in task.heads})
        start_heads(recipe, model, inputs, train, seed=seed, stop=StopRequest())
        train = replace(train, mixer=make_mixer(recipe, whole, task, train.labels))
        fitting = prepare_fitting(recipe, task, model, inputs, train, valid, metric=metric, seed=seed, device=device)
        state = TrainState()
        never = Checkpoints(Path(), every_s=float("inf"))  # due never: nothing is written
        self._weights[name] = fitting.run(state, never, StopRequest(), [self._trackers.follower(name)])
        if recipe.model.nearest is not None:
            if recipe.model.freeze == "lora":
                remove_lora(model)
            model.load_state_dict(self._weights[name])
            remember_training_images(recipe, model, inputs, train, stop=StopRequest())
            self._weights[name] = model.state_dict()
        if valid is not None:
            self.validation_scores_[name] = [epoch.scores[fitting.parts.score_name] for epoch in state.history]

    def _divide(
        self, given: GivenLabels, ids: NDArray[np.object_], weight: NDArray[np.float64] | None
    ) -> tuple[LabelledRows, LabelledRows | None]:
        """Rows to train on and rows to validate on, with the labels of all targets."""
        samples = Samples(Path(), ids, ids, given.task, given.labels)
        labels = {head.name: samples.target_labels(head.name) for head in given.task.targets}

        def take(rows: NDArray[np.int64]) -> LabelledRows:
            mine = {name: column[rows] for name, column in labels.items()}
            return LabelledRows(rows, ids[rows], mine, weights=None if weight is None else weight[rows])

        if self.validation_fraction is None:
            return take(np.arange(len(ids))), None
        if not 0 < self.validation_fraction < 1:
            raise UsageError(f"validation_fraction must be between 0 and 1, got {self.validation_fraction}.")
        folds = make_folds(samples, folds=2, split_seed=self.recipe_.seed, holdout_fraction=self.validation_fraction)
        is_valid = folds.fold == HOLDOUT
        if not is_valid.any():
            raise UsageError(
                f"validation_fraction={self.validation_fraction} of {count_of(len(ids), 'image')} is none."
            )
        head, training = given.task.main_target, self.recipe_.training
        if self.recipe_.metric is not None or training.select == "best" or training.patience is not None:
            metric = find_metric(self.recipe_.metric or default_metric(head))
            check_metric_computable(metric, labels[head.name][is_valid], head, where="the validation images")
        return take(np.flatnonzero(~is_valid)), take(np.flatnonzero(is_valid))

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        """Class probabilities, shape (N, C), columns in the order of `classes_`; for several outputs a list of them.

        For several labels an image, each column is the probability of its label.

        Raises:
            NotFittedError: If `fit` was not called.
            ImageError: If an image cannot be decoded.
        """
        check_is_fitted(self)
        predictions = self._open_predictor().predict(list_given_images(X))
        probs = [np.array(predictions.probs[head.name]) for head in self._given.task.heads]
        return probs[0] if len(probs) == 1 else probs

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class of every image, shape (N,); (N, K) for K outputs; 0 and 1 (N, C) for labels."""
        probs = self.predict_proba(X)
        if self._given.is_multi_label:
            return np.asarray(probs >= 0.5, dtype=np.int64)
        if self._given.n_outputs == 1:
            return np.asarray(self.classes_[probs.argmax(axis=1)])
        columns = [known[values.argmax(axis=1)] for known, values in zip(self.classes_, probs, strict=True)]
        same = len({column.dtype.kind for column in columns}) == 1
        return np.column_stack(columns if same else [column.astype(object) for column in columns])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """Accuracy: the share of images of which every output, or every label, is right."""
        check_is_fitted(self)
        if self._given.n_outputs == 1:
            return float(super().score(X, y, sample_weight))
        is_right = (np.asarray(y) == self.predict(X)).all(axis=1)
        return float(np.average(is_right, weights=sample_weight))

    def _open_predictor(self) -> Predictor:
        if self._predictor is None:
            trained = TrainedModels(
                self.recipe_, self._given.task, (0,), load_frozen=self._find_frozen, load=self._load_weights
            )
            self._predictor = Predictor(trained, choose_device(self.device), Settings())
        return self._predictor

    def _find_frozen(self) -> Backbone:
        assert self._backbone is not None
        return self._backbone

    def _load_weights(self, model: torch.nn.Module, _fold: int, name: str) -> None:
        model.load_state_dict(self._weights[name])

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_predictor" in state:
            state["_predictor"] = None
        backbone = state.get("_backbone")
        if backbone is not None:  # a machine without a GPU must be able to read it
            state["_backbone"] = replace(backbone, module=copy.deepcopy(backbone.module).cpu())
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.classifier_tags.multi_label = True
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.no_validation = True
        return tags


def _refuse_borders(recipe: Recipe) -> None:
    if recipe.borders:
        raise RecipeError(
            f"borders.{next(iter(recipe.borders))}: ImageClassifier is given classes, not the numbers that they were"
            " made from, so it knows no borders.",
            fix='Use podium.train(data, options=podium.ScanOptions(bins={"age": (30, 60)})), or leave borders out.',
        )
