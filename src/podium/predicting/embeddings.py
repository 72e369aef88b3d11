"""What a run's networks make of its images before the heads answer: each image by the model that did not learn it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data import StoredImages, cut_to
from podium.dataset.run_images import open_run_images
from podium.engine import autocast
from podium.machine import Progress, Settings
from podium.machine.device import prepare_process
from podium.models import Classifier
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, load_tables
from podium.tables import load_predictions
from podium.training.inputs import FeatureInputs, Inputs
from podium.training.predictor import Predictor, open_predictor

__all__ = ["Embedder", "Embeddings", "align_to", "open_embedder"]

FloatArray = NDArray[np.float32]
_ANCHORS = 500


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Embeddings of a run's images.

    Args:
        ids: The images, shape (N,).
        fold: Fold of each, whose model did not learn it, shape (N,).
        rows: Their embeddings, float32 (N, D).
        is_frozen: Whether they are features of one frozen network; else each fold has its own, laid over the first's.
        fit: Per further fold, share of the anchors' variance that laying over explains; empty where frozen.
    """

    ids: NDArray[np.object_]
    fold: NDArray[np.int64]
    rows: FloatArray
    is_frozen: bool
    fit: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Overlay:
    """A rotation from one fold's embeddings to those of the first.

    Args:
        mean: Mean of the fold's anchors (D,).
        scale: Factor.
        turn: Orthogonal matrix (D, D).
        target: Mean of the first fold's anchors (D,).
        fit: Share of the variance of the first fold's anchors that is explained.
    """

    mean: FloatArray
    scale: float
    turn: FloatArray
    target: FloatArray
    fit: float

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Embeddings of the fold as the first one's would be."""
        return np.asarray((rows - self.mean) @ self.turn * self.scale + self.target, dtype=np.float32)


def align_to(target: FloatArray, rows: FloatArray) -> Overlay:
    """The rotation, reflection, factor and shift that lay rows (n, D) over those of the same images in a target (n, D).

    Source:
        Schönemann 1966, "A Generalized Solution of the Orthogonal Procrustes Problem".
    """
    mean, goal = rows.mean(axis=0), target.mean(axis=0)
    centred, wanted = (rows - mean).astype(np.float64), (target - goal).astype(np.float64)
    left, sizes, right = np.linalg.svd(centred.T @ wanted, full_matrices=False)
    turn, own, total = left @ right, float((centred**2).sum()), float((wanted**2).sum())
    scale = float(sizes.sum()) / own if own > 0 else 1.0
    fit = float(sizes.sum()) ** 2 / (own * total) if own > 0 and total > 0 else 1.0
    return Overlay(mean, scale, turn.astype(np.float32), goal, fit)


class Embedder:
    """Embeddings of one model's images.

    Args:
        predictor: The run's models.
        name: The model, "all" or one attribute's.
        images: The run's images.
    """

    def __init__(self, predictor: Predictor, name: str, images: StoredImages) -> None:
        self._predictor, self._name, self._images = predictor, name, images
        self._view = "plain" if "plain" in map(str, predictor.views) else str(predictor.views[0])
        self._overlays: dict[int, Overlay] = {}
        self.is_frozen = predictor.recipe.model.freeze == "backbone"

    def of_run(self, run: RunFolder, progress: Progress) -> Embeddings:
        """The run's out-of-fold images.

        Raises:
            Stopped: If a signal asked for it.
        """
        oof = load_predictions(run.oof_file)
        place = {name: row for row, name in enumerate(self._images.ids.tolist())}
        rows = np.array([place[name] for name in oof.ids.tolist()], dtype=np.int64)
        with listen_for_stop() as stop:
            inputs = self._inputs(self._images, stop)
            if self.is_frozen:
                assert isinstance(inputs, FeatureInputs)
                made = np.asarray(inputs.features[0][rows], dtype=np.float32)
                return Embeddings(oof.ids, oof.fold, _standardised(made), is_frozen=True)
            made = self._of_folds(inputs, rows, oof.fold, stop, progress)
        fit = {fold: one.fit for fold, one in self._overlays.items() if fold != self._predictor.folds[0]}
        return Embeddings(oof.ids, oof.fold, made, is_frozen=False, fit=fit)

    def of_files(self, files: Sequence[Path], reference: FloatArray | None = None) -> FloatArray:
        """Other images in the space of `of_run`, which comes first: the mean over all folds' models, (M, D).

        Args:
            files: The images.
            reference: Frozen features of the run as they are stored, which the others are standardised by.
        """
        stored = self._predictor.store(files, ids=[str(path) for path in files])
        images = cut_to(stored, self._predictor.recipe.image.region_of(self._name))
        with listen_for_stop() as stop:
            inputs, rows = self._inputs(images, stop), np.arange(len(files))
            if self.is_frozen:
                assert isinstance(inputs, FeatureInputs)
                assert reference is not None
                return _standardised(np.asarray(inputs.features[0][rows], dtype=np.float32), by=reference)
            made = [self._overlays[fold](self._embed(fold, inputs, rows, stop)) for fold in self._predictor.folds]
        return np.asarray(np.mean(made, axis=0), dtype=np.float32)

    def stored_features(self, ids: NDArray[np.object_]) -> FloatArray:
        """Frozen features of the run's images as they are stored."""
        place = {name: row for row, name in enumerate(self._images.ids.tolist())}
        with listen_for_stop() as stop:
            inputs = self._inputs(self._images, stop)
        assert isinstance(inputs, FeatureInputs)
        return np.asarray(inputs.features[0][[place[name] for name in ids.tolist()]], dtype=np.float32)

    def _inputs(self, images: StoredImages, stop: StopRequest) -> Inputs:
        return self._predictor.inputs(images, views=[self._view], stop=stop)

    def _of_folds(
        self, inputs: Inputs, rows: NDArray[np.int64], folds: NDArray[np.int64], stop: StopRequest, progress: Progress
    ) -> FloatArray:
        """Each fold's images by its own model, laid over the first fold's by anchors that all models embed."""
        anchors = rows[np.unique(np.linspace(0, len(rows) - 1, _ANCHORS).astype(np.int64))]
        made: FloatArray | None = None
        target: FloatArray | None = None
        with progress.stage("embed images", len(self._predictor.folds)) as update:
            for done, fold in enumerate(self._predictor.folds, start=1):
                seen = self._embed(fold, inputs, anchors, stop)
                target = seen if target is None else target
                self._overlays[fold] = align_to(target, seen)
                own = np.flatnonzero(folds == fold)
                laid = self._overlays[fold](self._embed(fold, inputs, rows[own], stop))
                made = np.empty((len(rows), laid.shape[1]), dtype=np.float32) if made is None else made
                made[own] = laid
                update(done)
        assert made is not None, "a run has folds"
        return made

    @torch.inference_mode()
    def _embed(self, fold: int, inputs: Inputs, rows: NDArray[np.int64], stop: StopRequest) -> FloatArray:
        """What the heads of a fold's model see of these rows, (n, D)."""
        model, device = self._predictor.model(fold, self._name), self._predictor.device
        assert isinstance(model, Classifier)
        parts = [np.empty((0, model.n_features), dtype=np.float32)]
        with autocast(device, str(self._predictor.recipe.training.precision)):
            for batch in stop.watch(inputs.eval_batches(rows, self._view)):
                features = model.features(batch.images.to(device))
                parts.append(model.heads.standardise(features.float()).cpu().numpy())
        return np.concatenate(parts).astype(np.float32)


def _standardised(features: FloatArray, by: FloatArray | None = None) -> FloatArray:
    """Features with mean 0 and deviation 1 over the images of `by`; one that never varies becomes 0."""
    by = features if by is None else by
    mean, scale = by.mean(axis=0, dtype=np.float64), by.std(axis=0, dtype=np.float64)
    factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 1e-6 * (1 + np.abs(mean)))
    return np.asarray((features - mean) * factor, dtype=np.float32)


def open_embedder(run: RunFolder, head: str, settings: Settings, progress: Progress) -> Embedder:
    """The embedder of the model that has a head.

    Args:
        run: A finished run with models of its own.
        head: A head of its task.
        settings: Machine and places.
        progress: Receives progress and notes.

    Raises:
        ImageError: If the images are gone, or are others than at the start.
    """
    prepare_process(settings.n_threads)
    predictor = open_predictor(run, settings, progress, keep=False)
    name = next(key for key, task in predictor.models.items() if head in [one.name for one in task.heads])
    images = open_run_images(run, run.read(), load_tables(run)[0], predictor.recipe, settings, progress)
    return Embedder(predictor, name, cut_to(images, predictor.recipe.image.region_of(name)))
