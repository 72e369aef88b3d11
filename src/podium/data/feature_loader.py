"""Loaders of features: what a frozen backbone, or frozen blocks, computed once, in place of images."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data.batch import Batch, as_weight_tensor, check_columns, gather_targets
from podium.data.batch_places import batch_starts, batch_stop
from podium.data.loader import check_batch_size, epoch_positions
from podium.data.order import count_repeats, repeat_keys
from podium.data.prefetch import prefetch
from podium.data.randomness import uniforms
from podium.durable import ONE_PASS_BYTES, PageBudget
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine.batch_share import BatchShare

__all__ = ["FeatureEvalLoader", "FeatureTrainLoader"]

_VIEW_STREAM = 60
_AHEAD = 2

Labels = Mapping[str, NDArray[Any]]


class FeatureTrainLoader:
    """Shuffled batches of cached features; each epoch picks one of a sample's V views at random, or goes by a plan.

    Args:
        features: Features of V views, shape (V, N, ...), floating; may be a memory map.
        rows: Rows (second axis) to train on, shape (n,).
        targets: Labels of these rows by head, as for `TrainLoader`.
        keys: Keys of these rows' samples, shape (n,).
        batch_size: Samples a batch, at least 1.
        seed: Seed of the run.
        weights: Weights of these rows, shape (n,), to draw with replacement; None visits each once.
        sample_weights: Weight of each row's loss, shape (n,).
        views: View of each epoch, from the first on and over again; None draws one for each sample.

    Raises:
        UsageError: If the features are not (V, N, ...) or a column has another length than `rows`.
    """

    def __init__(
        self,
        features: NDArray[np.floating[Any]],
        rows: NDArray[np.integer[Any]],
        targets: Labels,
        *,
        keys: NDArray[np.uint64],
        batch_size: int,
        seed: int = 0,
        weights: NDArray[np.float64] | None = None,
        sample_weights: NDArray[np.float64] | None = None,
        views: Sequence[int] | None = None,
    ) -> None:
        _check_features(features)
        check_batch_size(batch_size)
        given = {"weights": weights, "sample_weights": sample_weights}
        columns = {name: column for name, column in given.items() if column is not None}
        check_columns(len(rows), {"keys": keys, **targets, **columns})
        self._features = features
        self._pages = PageBudget(features)
        self._rows = np.asarray(rows, dtype=np.int64)
        self._targets = dict(targets)
        self._keys = keys
        self._batch_size = batch_size
        self._seed = seed
        self._weights = weights
        self._sample_weights = sample_weights
        self._views = views
        self._share: BatchShare | None = None

    def dealt(self, share: BatchShare) -> FeatureTrainLoader:
        """The same batches, of which each holds what one of several processes takes."""
        other = copy.copy(self)
        other._share = share
        return other

    @property
    def n_samples(self) -> int:
        """Samples an epoch."""
        return len(self._rows)

    @property
    def batch_size(self) -> int:
        """Samples a batch, except for the last of an epoch."""
        return self._batch_size

    @property
    def n_batches(self) -> int:
        """Batches an epoch, the last one of another size included."""
        return len(batch_starts(len(self._rows), self._batch_size))

    def from_position(self, epoch: int, offset: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch from sample `offset` of its order on, as `TrainLoader.from_position` does."""
        order = epoch_positions(self._seed, epoch, len(self._rows), self._weights)
        starts = batch_starts(len(order), self._batch_size, offset)
        # A prepared view is read sample by sample from a file that may not be in memory; pooled features are.
        depth = 0 if self._views is None else _AHEAD
        repeats = None if self._weights is None else count_repeats(order)
        yield from prefetch(lambda start: self._make(epoch, start, order, repeats), starts, depth)

    def _make(self, epoch: int, start: int, order: NDArray[np.int64], repeats: NDArray[np.int64] | None) -> Batch:
        part = slice(start, batch_stop(start, len(order), self._batch_size))
        positions = order[part]
        n_whole = None if self._share is None else len(positions)
        if self._share is not None:
            own = self._share.rows(len(positions))
            positions, repeats = positions[own], None if repeats is None else repeats[part][own]
        elif repeats is not None:
            repeats = repeats[part]
        rows = self._rows[positions]
        features = self._features[self._choose_views(epoch, positions, repeats), rows]
        self._pages.count(features.nbytes, n_places=len(rows))
        weights = None if self._sample_weights is None else self._sample_weights[positions]
        return replace(
            _feature_batch(features, self._targets, positions, rows, start),
            weights=as_weight_tensor(weights),
            n_whole=n_whole,
            offset_after=part.stop,
        )

    def _choose_views(
        self, epoch: int, positions: NDArray[np.int64], repeats: NDArray[np.int64] | None
    ) -> NDArray[np.int64] | int:
        """The view of each sample, or of all; one that comes again in an epoch gets another where there are several."""
        if self._views is None:
            keys = self._keys[positions]
            keys = keys if repeats is None else repeat_keys(keys, repeats)
            views = uniforms(self._seed, epoch, keys, _VIEW_STREAM, 1)[:, 0]
            return np.floor(views * len(self._features)).astype(np.int64)
        if repeats is None:
            return self._views[epoch % len(self._views)]
        return np.asarray(self._views)[(epoch + repeats) % len(self._views)]


class FeatureEvalLoader:
    """Batches of cached features in the order of `rows`.

    Args:
        features: Features, shape (V, N, ...), floating.
        rows: Rows (second axis), shape (n,).
        batch_size: Samples a batch, at least 1.
        view: Which of the V views.
        targets: Labels of these rows by head, where they are wanted in the batches.
    """

    def __init__(
        self,
        features: NDArray[np.floating[Any]],
        rows: NDArray[np.integer[Any]],
        batch_size: int,
        view: int = 0,
        *,
        targets: Labels | None = None,
    ) -> None:
        _check_features(features)
        check_batch_size(batch_size)
        check_columns(len(rows), targets or {})
        if not 0 <= view < len(features):
            raise UsageError(f"view {view} does not exist, the features have {count_of(len(features), 'view')}.")
        self._features = features[view]
        self._pages = PageBudget(features, ONE_PASS_BYTES)
        self._rows = np.asarray(rows, dtype=np.int64)
        self._batch_size = batch_size
        self._targets = dict(targets or {})

    @property
    def n_samples(self) -> int:
        """Samples in all."""
        return len(self._rows)

    @property
    def n_batches(self) -> int:
        """Batches in all, the smaller last one included."""
        return -(-len(self._rows) // self._batch_size)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[Batch]:
        for start in range(0, len(self._rows), self._batch_size):
            positions = np.arange(start, min(start + self._batch_size, len(self._rows)))
            rows = self._rows[positions]
            features = self._features[rows]
            self._pages.count(features.nbytes, n_places=len(rows))
            yield _feature_batch(features, self._targets, positions, rows, start)


def _feature_batch(
    features: NDArray[np.floating[Any]],
    targets: Labels,
    positions: NDArray[np.int64],
    rows: NDArray[np.int64],
    start: int,
) -> Batch:
    columns = {name: torch.from_numpy(column) for name, column in gather_targets(targets, positions).items()}
    images = torch.from_numpy(np.asarray(features))
    return Batch(images, columns, rows, start + len(positions))


def _check_features(features: NDArray[np.floating[Any]]) -> None:
    if features.ndim < 3 or not np.issubdtype(features.dtype, np.floating):
        raise UsageError(f"features are {features.dtype} of shape {features.shape}, expected floating (V, N, ...).")
