"""Loaders of images: batches from the cache, at any position of any epoch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data.augment import Augmentation, augment_batch, draw_batch
from podium.data.batch import Batch, as_weight_tensor, check_columns, gather_targets
from podium.data.batch_places import batch_starts, batch_stop
from podium.data.buffers import BufferPool
from podium.data.device_images import DeviceImages
from podium.data.mixed_targets import Mixed, mix_weights
from podium.data.mixer import Mixer
from podium.data.order import count_repeats, epoch_order, repeat_keys, weighted_order
from podium.data.prefetch import prefetch
from podium.data.views import eval_batch
from podium.durable import PageBudget
from podium.errors import UsageError
from podium.machine.batch_share import BatchShare

__all__ = ["EvalLoader", "TrainLoader", "check_batch_size", "epoch_positions"]

_AHEAD = 2

Labels = Mapping[str, NDArray[Any]]


class TrainLoader:
    """Shuffled, augmented batches. The bits of a batch depend on (seed, epoch, offset) and its samples alone.

    The last batch of an epoch holds what is left; no sample is dropped. A single one that is left joins the batch
    before, because batch norm cannot train on one.

    Args:
        cache_pixels: Stored images, shape (N, H, W, 3), uint8, usually a memory map.
        rows: Rows of the cache to train on, shape (n,).
        targets: Labels of these rows by head: (n,) class indices or (n, C) of 0 and 1; -1 = missing.
        keys: Keys of these rows' samples, shape (n,), as `sample_keys` gives.
        batch_size: Samples a batch, at least 1.
        height: Height of the images.
        width: Width of the images.
        augmentations: What is done to each image.
        seed: Seed of the run.
        n_threads: Threads that make images; 0 works in the caller's thread, without prefetching.
        mixer: Mixes the images of a batch; all targets are soft then, unless patches only change places.
        weights: Weights of these rows, shape (n,), to draw n samples an epoch with replacement; None visits each once.
        sample_weights: Weight of each row's loss, shape (n,); mixed as the targets are.
        device_images: Makes the images on the device where the model computes; None makes them here.

    Raises:
        UsageError: If a column has another length than `rows`, or a size is below 1.
    """

    def __init__(
        self,
        cache_pixels: NDArray[np.uint8],
        rows: NDArray[np.integer[Any]],
        targets: Labels,
        *,
        keys: NDArray[np.uint64],
        batch_size: int,
        height: int,
        width: int,
        augmentations: Sequence[Augmentation] = (),
        seed: int = 0,
        n_threads: int = 1,
        mixer: Mixer | None = None,
        weights: NDArray[np.float64] | None = None,
        sample_weights: NDArray[np.float64] | None = None,
        device_images: DeviceImages | None = None,
    ) -> None:
        check_batch_size(batch_size)
        given = {"weights": weights, "sample_weights": sample_weights}
        columns = {name: column for name, column in given.items() if column is not None}
        check_columns(len(rows), {"keys": keys, **targets, **columns})
        self._pixels = cache_pixels
        self._pages = PageBudget(cache_pixels)
        self._rows = np.asarray(rows, dtype=np.int64)
        self._targets = dict(targets)
        self._keys = keys
        self._batch_size = batch_size
        self._augmentations = tuple(augmentations)
        self._seed = seed
        self._n_threads = n_threads
        self._mixer = mixer
        if mixer is not None and mixer.mixes_targets:
            _check_n_classes(targets, mixer.n_classes)
        self._weights = weights
        self._sample_weights = sample_weights
        self._size = (height, width)
        self._share: BatchShare | None = None
        self._device_images = device_images
        # One more than a batch holds, for a sample that joins the last.
        self._buffers = BufferPool((batch_size + 1, height, width, 3), pinned=_copies_to_gpu())

    def dealt(self, share: BatchShare) -> TrainLoader:
        """The same batches, of which each holds what one of several processes takes.

        Where images are mixed, every process makes the whole batch, because an image may be mixed with any other.
        """
        other = copy.copy(self)
        other._share = share
        return other

    def _starts(self, offset: int = 0) -> range:
        return batch_starts(len(self._rows), self._batch_size, offset)

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
        return len(self._starts())

    def from_position(self, epoch: int, offset: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch from sample `offset` of its order on.

        From an `offset_after` of the same epoch on, the batches are bit for bit those of the uninterrupted epoch.
        """
        order = epoch_positions(self._seed, epoch, len(self._rows), self._weights)
        keys = self._keys[order]
        if self._weights is not None:
            keys = repeat_keys(keys, count_repeats(order))

        def make(start: int, pool: ThreadPoolExecutor | None) -> Batch:
            part = slice(start, batch_stop(start, len(order), self._batch_size))
            return self._make_share(epoch, start, order[part], keys[part], pool)

        return _stream(make, self._starts(offset), self._n_threads)

    def _make_share(
        self,
        epoch: int,
        start: int,
        positions: NDArray[np.int64],
        keys: NDArray[np.uint64],
        pool: ThreadPoolExecutor | None,
    ) -> Batch:
        if self._share is None:
            return self._make(epoch, start, positions, keys, pool)
        n, own = len(positions), self._share.rows(len(positions))
        if self._mixer is not None:
            return self._make(epoch, start, positions, keys, pool).take(own)
        made = self._make(epoch, start, positions[own], keys[own], pool)
        return replace(made, n_whole=n, offset_after=start + n)

    def _make(
        self,
        epoch: int,
        start: int,
        positions: NDArray[np.int64],
        keys: NDArray[np.uint64],
        pool: ThreadPoolExecutor | None,
    ) -> Batch:
        images = self._make_images(epoch, self._rows[positions], keys, pool)
        targets = gather_targets(self._targets, positions)
        weights = None if self._sample_weights is None else self._sample_weights[positions]
        if self._mixer is not None:
            mixed = self._mix(self._mixer, images, epoch, start, positions, keys, pool)
            targets = self._mixer.mix_targets(targets, gather_targets(self._targets, mixed.partner), mixed)
            if weights is not None and self._sample_weights is not None:
                weights = mix_weights(weights, self._sample_weights[mixed.partner], mixed.own_fraction)
        after = start + len(positions)
        return Batch(images, _as_tensors(targets), self._rows[positions], after, as_weight_tensor(weights))

    def _mix(
        self,
        mixer: Mixer,
        images: torch.Tensor,
        epoch: int,
        start: int,
        positions: NDArray[np.int64],
        keys: NDArray[np.uint64],
        pool: ThreadPoolExecutor | None,
    ) -> Mixed:
        def as_canvas(made: torch.Tensor) -> Any:
            return made.numpy() if self._device_images is None else made

        def make_others(partner: NDArray[np.int64], salt: NDArray[np.uint64]) -> Any:
            return as_canvas(self._make_images(epoch, self._rows[partner], self._keys[partner] ^ salt, pool))

        canvas = as_canvas(images)
        return mixer.mix(canvas, positions, keys, make_others, seed=self._seed, epoch=epoch, step=start)

    def _make_images(
        self, epoch: int, rows: NDArray[np.int64], keys: NDArray[np.uint64], pool: ThreadPoolExecutor | None
    ) -> torch.Tensor:
        if self._device_images is not None:
            stored = self._pixels.shape[1:3]
            drawn = draw_batch(
                self._augmentations, keys, seed=self._seed, epoch=epoch, stored=stored, output=self._size
            )
            return self._device_images.make(rows, drawn, *self._size)
        array, images = self._buffers.take(len(rows))
        augment_batch(
            self._pixels,
            rows,
            keys,
            self._augmentations,
            seed=self._seed,
            epoch=epoch,
            out=array,
            pool=pool,
            n_parts=self._n_threads,
        )
        self._pages.count(len(rows) * self._pixels[0].nbytes, n_places=len(rows))
        return images


class EvalLoader:
    """Batches in the order of `rows`, nothing random.

    Args:
        cache_pixels: Stored images, shape (N, H, W, 3), uint8, usually a memory map.
        rows: Rows of the cache, shape (n,).
        batch_size: Samples a batch, at least 1.
        height: Height of the images.
        width: Width of the images.
        view: What is shown of each image, see `eval_batch`.
        targets: Labels of these rows by head, where they are wanted in the batches.
        n_threads: Threads that make images; 0 works in the caller's thread, without prefetching.
    """

    def __init__(
        self,
        cache_pixels: NDArray[np.uint8],
        rows: NDArray[np.integer[Any]],
        batch_size: int,
        height: int,
        width: int,
        view: str = "plain",
        *,
        targets: Labels | None = None,
        n_threads: int = 1,
    ) -> None:
        check_batch_size(batch_size)
        check_columns(len(rows), targets or {})
        self._pixels = cache_pixels
        self._pages = PageBudget(cache_pixels)
        self._rows = np.asarray(rows, dtype=np.int64)
        self._batch_size = batch_size
        self._view = view
        self._targets = dict(targets or {})
        self._n_threads = n_threads
        self._buffers = BufferPool((batch_size, height, width, 3), pinned=_copies_to_gpu())

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
        return _stream(self._make, range(0, len(self._rows), self._batch_size), self._n_threads)

    def _make(self, start: int, pool: ThreadPoolExecutor | None) -> Batch:
        positions = np.arange(start, min(start + self._batch_size, len(self._rows)))
        array, images = self._buffers.take(len(positions))
        rows = self._rows[positions]
        eval_batch(self._pixels, rows, array, self._view, pool=pool, n_parts=self._n_threads)
        self._pages.count(len(rows) * self._pixels[0].nbytes)
        return Batch(images, _as_tensors(gather_targets(self._targets, positions)), rows, start + len(positions))


def epoch_positions(seed: int, epoch: int, n: int, weights: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """Positions visited in an epoch, in order, shape (n,): each once, or drawn by weight."""
    return epoch_order(seed, epoch, n) if weights is None else weighted_order(seed, epoch, weights, n)


def check_batch_size(batch_size: int) -> None:
    """Raise UsageError unless a batch holds at least one sample."""
    if batch_size < 1:
        raise UsageError(f"batch size is {batch_size}, expected at least 1.")


def _stream(
    make: Callable[[int, ThreadPoolExecutor | None], Batch], starts: range, n_threads: int
) -> Generator[Batch, None, None]:
    """Batches from these offsets, made ahead by a thread, and their images by `n_threads` threads."""
    if n_threads <= 1:
        yield from prefetch(lambda start: make(start, None), starts, _AHEAD if n_threads else 0)
        return
    with ThreadPoolExecutor(n_threads, thread_name_prefix="podium-images") as pool:
        yield from prefetch(lambda start: make(start, pool), starts, _AHEAD)


def _copies_to_gpu() -> bool:
    """Whether this process uses a GPU. One that is merely there is left alone: a run on the CPU opens none."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _as_tensors(targets: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(column) for name, column in targets.items()}


def _check_n_classes(targets: Labels, n_classes: Mapping[str, int]) -> None:
    for name, column in targets.items():
        if column.ndim == 1 and name not in n_classes:
            raise UsageError(f"mixing needs the number of classes of head {name!r}.", fix="Pass n_classes.")
