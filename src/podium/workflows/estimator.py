"""A scikit-learn classifier over image files or arrays, for `cross_val_score`, pipelines and searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from podium.data import EvalLoader, sample_keys
from podium.engine import Checkpoints, TrainState, final_weights, fit
from podium.errors import ImageError, LabelError
from podium.images import decode_file, resize_to
from podium.machine import Settings
from podium.machine.device import choose_device
from podium.models import Backbone, Classifier
from podium.recipe import Recipe, build_backbone_of, build_parts, resolve_recipe
from podium.stopping import StopRequest
from podium.tables import Head, Task
from podium.training.autotune import resolve_without_autotune
from podium.training.inputs import FeatureInputs, ImageInputs, Inputs
from podium.training.mean_over_views import mean_over_views
from podium.workflows.run import compose_recipe

__all__ = ["ImageClassifier"]

HEAD = "label"
BATCH = 64


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One class an image, with scikit-learn's interface.

    Args:
        preset: "baseline" or "finetune".
        overrides: Recipe lines such as "training.epochs=20".
        random_state: Seed of everything random.
        device: "auto", "cpu", "cuda" or "mps".

    Attributes:
        classes_: Class labels, sorted, shape (C,).
        recipe_: The resolved recipe.

    Example:
        scores = cross_val_score(ImageClassifier(), paths, labels, groups=students, cv=GroupKFold(5))
    """

    def __init__(
        self,
        preset: str = "baseline",
        *,
        overrides: Sequence[str] = (),
        random_state: int = 0,
        device: str = "auto",
    ) -> None:
        self.preset = preset
        self.overrides = overrides
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's names
        """Train on all given images.

        Args:
            X: Paths, shape (N,), or uint8 RGB images, shape (N, H, W, 3).
            y: Labels, shape (N,).

        Raises:
            LabelError: If there are fewer than two classes, or X and y differ in length.
            ImageError: If an image cannot be decoded.
        """
        y = np.asarray(y)
        if len(X) != len(y):
            raise LabelError(f"{len(X)} images but {len(y)} labels.")
        self.classes_, indices = np.unique(y, return_inverse=True)
        self._task = Task((Head(HEAD, "single", tuple(map(str, self.classes_))),))
        recipe = compose_recipe(self.preset, overrides=self.overrides, seed=self.random_state)
        self._device = choose_device(self.device)
        self.recipe_ = resolve_without_autotune(resolve_recipe(recipe, median_side_px=_median_side(X)), self._device)
        pixels = _read_pixels(X, int(self.recipe_.image.stored_px), self.recipe_.image.fit)
        self._backbone = build_backbone_of(self.recipe_)
        self._train(self._make_inputs(pixels), len(y), {HEAD: indices.astype(np.int64)})
        return self

    def _train(self, inputs: Inputs, n: int, labels: Mapping[str, NDArray[np.int64]]) -> None:
        recipe, rows = self.recipe_, np.arange(n)
        model = inputs.build_model(self._task, rows, seed=recipe.seed).to(self._device)
        train = inputs.train_batches(rows, labels, sample_keys([str(row) for row in rows]), seed=recipe.seed)
        parts = build_parts(
            recipe,
            model,
            self._task,
            labels=labels,
            n_steps=recipe.training.epochs * train.n_batches,
            steps_per_epoch=train.n_batches,
            score=lambda _logits: {},
            score_name=HEAD,
            seed=recipe.seed,
            device=self._device,
        )
        never = Checkpoints(Path(), every_s=float("inf"))  # due never: nothing is written
        fit(parts, train, None, TrainState(), n_epochs=recipe.training.epochs, checkpoints=never, stop=StopRequest())
        model.load_state_dict(final_weights(parts))
        self._model = model.eval()

    def _make_inputs(self, pixels: NDArray[np.uint8]) -> Inputs:
        recipe = self.recipe_
        n_threads = Settings().n_threads
        if recipe.model.freeze != "backbone":
            make_backbone = partial(build_backbone_of, recipe)
            return ImageInputs(recipe, pixels, make_backbone, n_threads=n_threads, device=self._device)
        views = recipe.feature_views
        return FeatureInputs(
            recipe, np.stack([_features(self._backbone, self._task, recipe, pixels, v, self._device) for v in views])
        )

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Class probabilities, shape (N, C), columns in the order of `classes_`.

        Raises:
            NotFittedError: If `fit` was not called.
            ImageError: If an image cannot be decoded.
        """
        check_is_fitted(self)
        pixels = _read_pixels(X, int(self.recipe_.image.stored_px), self.recipe_.image.fit)
        inputs = self._make_inputs(pixels)
        rows = np.arange(len(pixels))
        probs = mean_over_views(
            self._model,
            lambda view: inputs.eval_batches(rows, view),
            self.recipe_.predict_views,
            self._task,
            device=self._device,
            precision=self.recipe_.training.precision,
        )
        return probs[HEAD]

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class of every image, shape (N,)."""
        best = self.predict_proba(X).argmax(axis=1)
        chosen: NDArray[Any] = self.classes_[best]
        return chosen


def _features(
    backbone: Backbone, task: Task, recipe: Recipe, pixels: NDArray[np.uint8], view: str, device: torch.device
) -> NDArray[np.float32]:
    size = int(recipe.image.size_px)
    model = Classifier(backbone, task).to(device).eval()
    loader = EvalLoader(pixels, np.arange(len(pixels)), BATCH, size, size, view=view)  # type: ignore[arg-type]
    with torch.inference_mode():
        return np.concatenate([model.features(batch.images.to(device)).cpu().numpy() for batch in loader])


def _is_array(images: Any) -> bool:
    return isinstance(images, np.ndarray) and images.ndim == 4


def _median_side(images: Any) -> float:
    if _is_array(images):
        return float(min(images.shape[1:3]))
    sides = [min(_read_one(path).shape[:2]) for path in images[:50]]
    return float(np.median(sides))


def _read_pixels(images: Any, side: int, fit_mode: Any) -> NDArray[np.uint8]:
    if _is_array(images) and (images.dtype != np.uint8 or images.shape[3] != 3):
        raise ImageError(f"expected uint8 images (N, H, W, 3), got {images.dtype} {images.shape}.")
    pixels = np.empty((len(images), side, side, 3), dtype=np.uint8)
    for row, image in enumerate(images):
        pixels[row] = resize_to(image if _is_array(images) else _read_one(image), side, side, fit_mode)
    return pixels


def _read_one(path: str | Path) -> NDArray[np.uint8]:
    decoded = decode_file(path)
    if decoded.pixels is None:
        raise ImageError(f"cannot be decoded: {decoded.outcome.value}, {decoded.reason}", where=path)
    return decoded.pixels
