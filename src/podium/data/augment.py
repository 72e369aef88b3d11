"""A batch of augmented images, read from stored images into a given buffer.

Each image depends on (seed, epoch, key of its sample) and nothing else: not on its batch, the order or the number of
threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.colour import ColorJitter, ColourMaps, Grayscale, recolour
from podium.data.erasing import RandomErasing, erase
from podium.data.frames import whole_frames
from podium.data.geometric import (
    CentreCrop,
    HorizontalFlip,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    VerticalFlip,
)
from podium.data.randomness import uniforms
from podium.data.resample import Plan, plan_resampling, resample

__all__ = ["Augmentation", "Drawn", "augment_batch", "draw_batch", "for_each"]

Augmentation = (
    HorizontalFlip
    | VerticalFlip
    | Rotate90
    | RandomResizedCrop
    | CentreCrop
    | RandomShift
    | Rotate
    | ColorJitter
    | Grayscale
    | RandomErasing
)
"""Every augmentation there is; `kind` tells them apart."""

# The same augmentation listed twice draws anew the second time.
_REPEAT_STRIDE = 1 << 16


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn for B images.

    Attributes:
        plan: How each is read from its stored image.
        colours: Its linear map of colours; None where no colour changes.
        boxes: For each erasing the box of each image, x0, y0, x1, y1, empty where nothing is erased.
    """

    plan: Plan
    colours: ColourMaps | None
    boxes: list[list[list[int]]]

    def part(self, where: slice) -> Drawn:
        """What was drawn for some of the images."""
        colours = None if self.colours is None else ColourMaps(self.colours.pixel[where], self.colours.mean[where])
        plan = Plan(self.plan.boxes[where], self.plan.turns[where], self.plan.matrix[where])
        return Drawn(plan, colours, [boxes[where] for boxes in self.boxes])


def augment_batch(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.integer[Any]],
    keys: NDArray[np.uint64],
    augmentations: Sequence[Augmentation],
    *,
    seed: int,
    epoch: int,
    out: NDArray[np.uint8],
    pool: Executor | None = None,
    n_parts: int = 1,
) -> NDArray[np.uint8]:
    """Augmented images of these rows.

    Geometric augmentations happen first, in their order, with a single read of the pixels; then colours, in their
    order, as a single map; then erasing. Without any augmentation an image is the stored image, resized.

    Args:
        pixels: Stored images, shape (N, H, W, 3); a memory map is read only where `rows` says.
        rows: Rows of `pixels`, shape (B,).
        keys: Keys of the samples, shape (B,), as `sample_keys` gives.
        augmentations: What to do.
        seed: Seed of the run.
        epoch: Epoch, from 0.
        out: Buffer for the images, shape (B, h, w, 3), C-contiguous.
        pool: Threads to share the work among; None works in the caller's.
        n_parts: Parts the batch is cut into for the pool.

    Returns:
        `out`.

    Example:
        >>> from podium.data.randomness import sample_keys
        >>> stored = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
        >>> out = np.empty((1, 4, 4, 3), np.uint8)
        >>> rows, keys = np.array([1]), sample_keys(["b.png"])
        >>> flipped = augment_batch(stored, rows, keys, [HorizontalFlip(probability=1)], seed=0, epoch=0, out=out)
        >>> bool((flipped[0] == stored[1, :, ::-1]).all())
        True
    """
    stored = pixels.view(np.ndarray)  # slices of numpy's memmap class are ten times as slow to make
    drawn = draw_batch(augmentations, keys, seed=seed, epoch=epoch, stored=stored.shape[1:3], output=out.shape[1:3])
    row_list = rows.tolist()

    def make(i: int) -> None:
        resample(stored[row_list[i]], drawn.plan, i, out[i])
        if drawn.colours is not None:
            recolour(out[i], drawn.colours, i)
        for boxes in drawn.boxes:
            erase(out[i], boxes[i])

    for_each(make, len(row_list), pool, n_parts)
    return out


def draw_batch(
    augmentations: Sequence[Augmentation],
    keys: NDArray[np.uint64],
    *,
    seed: int,
    epoch: int,
    stored: tuple[int, int],
    output: tuple[int, int],
) -> Drawn:
    """What is done to the images of these samples in an epoch, before any pixel is read.

    Args:
        augmentations: What to do.
        keys: Keys of the samples, shape (B,).
        seed: Seed of the run.
        epoch: Epoch, from 0.
        stored: Height and width of the stored images.
        output: Height and width of the images.
    """
    frames = whole_frames(len(keys), *stored)
    colours: ColourMaps | None = None
    boxes: list[list[list[int]]] = []
    n_seen: dict[int, int] = {}
    for augmentation in augmentations:
        repeat = n_seen[augmentation.stream] = n_seen.get(augmentation.stream, -1) + 1
        stream = augmentation.stream + repeat * _REPEAT_STRIDE
        u = uniforms(seed, epoch, keys, stream, augmentation.n_uniforms)
        if isinstance(augmentation, RandomErasing):
            boxes.append(augmentation.boxes(u, *output).tolist())
        elif isinstance(augmentation, ColorJitter | Grayscale):
            colours = augmentation.tint(colours or ColourMaps.unchanged(len(keys)), u)
        else:
            frames = augmentation.move(frames, u)
    return Drawn(plan_resampling(frames, stored, output), colours, boxes)


def for_each(make: Callable[[int], None], n: int, pool: Executor | None, n_parts: int) -> None:
    """Call `make` with 0..n-1, in `n_parts` runs shared among the pool. The first exception is raised here."""

    def run(start: int, stop: int) -> None:
        for i in range(start, stop):
            make(i)

    if pool is None or n_parts <= 1 or n <= 1:
        run(0, n)
        return
    edges = np.linspace(0, n, min(n, n_parts) + 1).astype(int).tolist()
    futures = [pool.submit(run, start, stop) for start, stop in pairwise(edges)]
    # All must end before the buffer is anyone else's, whatever one of them raised.
    errors = [future.exception() for future in futures]
    for error in errors:
        if error is not None:
            raise error
