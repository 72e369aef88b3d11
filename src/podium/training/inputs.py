"""Inputs of a model: stored images, features of a frozen backbone, or outputs of frozen blocks; one interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable
from podium.backbone.split_point import SplitPoint
from podium.data import DeviceImages, EvalLoader, FeatureEvalLoader, FeatureTrainLoader, Mixer, TrainLoader
from podium.data.view_frames import place_of_frame
from podium.engine import EvalBatches, seed_torch
from podium.linear import FeatureRows
from podium.models import Backbone, Classifier, LinearHeads
from podium.recipe import Recipe, build_model
from podium.recipe.build_heads import build_heads
from podium.tables import Task

__all__ = ["BlockInputs", "FeatureInputs", "ImageInputs", "Inputs", "TrainRows"]

Labels = Mapping[str, NDArray[Any]]
FEATURE_BATCH = 1024
"""Rows of features at a time: a few megabytes, that memory holds beside everything else."""


@dataclass(frozen=True, eq=False)
class TrainRows:
    """Rows of inputs to train on.

    Args:
        rows: Rows of the inputs, shape (n,).
        labels: Per head, what its loss learns: (n,) class indices, or (n, C).
        keys: Keys of the samples, shape (n,), on which order and augmentation depend.
        draw_weights: Weights by which rows are drawn with replacement, shape (n,); None shows each once an epoch.
        sample_weights: Weight of each row's loss, shape (n,); None weighs all alike.
        mixer: Mixes images; a recipe that trains on features has none.
    """

    rows: NDArray[np.int64]
    labels: Labels
    keys: NDArray[np.uint64]
    draw_weights: NDArray[np.float64] | None = None
    sample_weights: NDArray[np.float64] | None = None
    mixer: Mixer | None = None


class Inputs(ABC):
    """Training batches, evaluation batches and the model that takes them. `rows` count the inputs's own rows."""

    @abstractmethod
    def train_batches(self, train: TrainRows, *, seed: int) -> TrainLoader | FeatureTrainLoader:
        """Shuffled batches of these rows."""

    @abstractmethod
    def eval_batches(self, rows: NDArray[np.int64], view: str) -> EvalBatches:
        """These rows in order, seen in one view."""

    @abstractmethod
    def build_model(self, task: Task, rows: NDArray[np.int64], *, seed: int) -> Classifier | LinearHeads:
        """A fresh model for a task; `rows` are its training rows."""


class ImageInputs(Inputs):
    """Stored images, augmented as the recipe says.

    Args:
        recipe: A resolved recipe.
        pixels: uint8 (N, H, W, 3), usually a memory map.
        make_backbone: Builds the backbone with its start weights, anew at each call.
        n_threads: Threads that make the images.
        device: Where the model is trained, and the images are made if the recipe says so.
    """

    def __init__(
        self, recipe: Recipe, pixels: NDArray[np.uint8], make_backbone: Any, *, n_threads: int, device: torch.device
    ) -> None:
        self._recipe = recipe
        self._pixels = pixels
        self._make_backbone = make_backbone
        self._n_threads = n_threads
        self._device_images = DeviceImages(pixels, device) if recipe.training.augment_on == "device" else None
        self._height, self._width = recipe.image.sides

    def train_batches(self, train: TrainRows, *, seed: int) -> TrainLoader:
        """Shuffled, augmented batches of these rows."""
        return TrainLoader(
            self._pixels,
            train.rows,
            train.labels,
            keys=train.keys,
            batch_size=self._recipe.training.batch_size,
            height=self._height,
            width=self._width,
            augmentations=self._recipe.augmentations,
            seed=seed,
            n_threads=self._n_threads,
            weights=train.draw_weights,
            sample_weights=train.sample_weights,
            mixer=train.mixer,
            device_images=self._device_images,
        )

    def eval_batches(self, rows: NDArray[np.int64], view: str) -> EvalBatches:
        """These rows in order, seen in one view."""
        batch_size = 2 * self._recipe.training.batch_size
        return EvalLoader(self._pixels, rows, batch_size, self._height, self._width, view=view)

    def build_model(self, task: Task, rows: NDArray[np.int64], *, seed: int) -> Classifier:
        """The start weights under fresh heads."""
        backbone: Backbone = self._make_backbone()
        return build_model(self._recipe, backbone, task, seed=seed)


class BlockInputs(Inputs):
    """Output of frozen blocks for views of every image.

    Args:
        recipe: A resolved recipe.
        cut: Where its network is split.
        outputs: float16 (V, N, *cut.shape): the recipe's `predict_views`, then its augmented views.
        make_backbone: Builds the backbone with its start weights, anew at each call.
    """

    def __init__(
        self, recipe: Recipe, split_point: SplitPoint, outputs: NDArray[np.floating[Any]], make_backbone: Any
    ) -> None:
        self._recipe = recipe
        self._split_point = split_point
        self._outputs = outputs
        self._make_backbone = make_backbone

    @property
    def view_bytes(self) -> int:
        """Bytes of one view of an image."""
        return int(self._outputs[0, 0].nbytes)

    def train_batches(self, train: TrainRows, *, seed: int) -> FeatureTrainLoader:
        """Shuffled batches of these rows, another augmented view in each epoch until all were seen."""
        augmented = range(len(self._recipe.predict_views), len(self._outputs))
        return _feature_batches(self._recipe, self._outputs, train, seed=seed, views=augmented)

    def eval_batches(self, rows: NDArray[np.int64], view: str) -> EvalBatches:
        """These rows in order, seen in one view."""
        place = place_of_frame(view, self._recipe.predict_views)
        return FeatureEvalLoader(self._outputs, rows, 2 * self._recipe.training.batch_size, place)

    def build_model(self, task: Task, rows: NDArray[np.int64], *, seed: int) -> Classifier:
        """The start weights under fresh heads, taking the frozen blocks' output in place of images."""
        backbone: Backbone = self._make_backbone()
        model = build_model(self._recipe, backbone, task, seed=seed)
        self._split_point.apply(model)
        return model


class FeatureInputs(Inputs):
    """Features of a frozen backbone.

    Args:
        recipe: A resolved recipe.
        features: float32 (V, N, D), one entry a view of the recipe's `feature_views`.
    """

    def __init__(self, recipe: Recipe, features: NDArray[np.float32]) -> None:
        self._recipe = recipe
        self._features = features

    def train_batches(self, train: TrainRows, *, seed: int) -> FeatureTrainLoader:
        """Shuffled batches of these rows, a view of each picked at random."""
        return _feature_batches(self._recipe, self._features, train, seed=seed)

    def eval_batches(self, rows: NDArray[np.int64], view: str) -> EvalBatches:
        """These rows in order, in one of the cached views."""
        place = place_of_frame(view, self._recipe.feature_views)
        return FeatureEvalLoader(self._features, rows, FEATURE_BATCH, place)

    def build_model(self, task: Task, rows: NDArray[np.int64], *, seed: int) -> LinearHeads:
        """Fresh heads that standardise by the features of their training rows."""
        seed_torch(seed, 0)
        heads = build_heads(self._recipe, task, self._features.shape[2])
        heads.standardise_by(partial(self._pieces, rows))
        durable.release_pages(self._features)
        return heads

    @property
    def features(self) -> NDArray[np.float32]:
        """The features, shape (V, N, D); read-only."""
        return self._features

    def feature_rows(self, heads: LinearHeads, rows: NDArray[np.int64]) -> FeatureRows:
        """The features of these rows in all views, as the heads standardise them."""
        mean, scale = heads.feature_mean, heads.feature_scale
        return FeatureRows(self._features, rows, mean, scale, n_views=len(self._features))

    def _pieces(self, rows: NDArray[np.int64]) -> Iterator[torch.Tensor]:
        pages = durable.PageBudget(self._features, durable.ONE_PASS_BYTES)
        for start in range(0, len(rows), FEATURE_BATCH):
            piece = self._features[0][rows[start : start + FEATURE_BATCH]]
            pages.count(piece.nbytes)
            yield torch.from_numpy(piece)


def _feature_batches(
    recipe: Recipe, values: NDArray[np.floating[Any]], train: TrainRows, *, seed: int, views: range | None = None
) -> FeatureTrainLoader:
    assert train.mixer is None, "a recipe that trains on features mixes no images"
    return FeatureTrainLoader(
        values,
        train.rows,
        train.labels,
        keys=train.keys,
        batch_size=recipe.training.batch_size,
        seed=seed,
        weights=train.draw_weights,
        sample_weights=train.sample_weights,
        views=views,
    )
