"""A batch of augmented images, read from stored images into a given buffer.

Each image depends on (seed, epoch, key of its sample) and nothing else: not on its batch, the order or the number of
threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.aug_mix import AugMix
from podium.data.automatic import AutoAugment, RandAugment, TrivialAugmentWide
from podium.data.bending import Bend, ElasticDistortion, GridDistortion
from podium.data.colour import ColorJitter, ColourMaps, Grayscale, recolour
from podium.data.erasing import Cutout, RandomErasing, erase
from podium.data.frames import whole_frames
from podium.data.geometric import (
    CentreCrop,
    HorizontalFlip,
    RandomCrop,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    Shear,
    VerticalFlip,
)
from podium.data.operations import Step, operate
from podium.data.randomness import uniforms
from podium.data.resample import Plan, plan_resampling, resample
from podium.data.textures import GaussianBlur, GaussianNoise, JpegCompression, Sharpen
from podium.data.tones import AutoContrast, Clahe, Equalize, Invert, Posterize, Solarize

__all__ = ["CPU_ONLY", "Augmentation", "Drawn", "augment_batch", "draw_batch", "for_each"]

_Moving = (
    HorizontalFlip
    | VerticalFlip
    | Rotate90
    | RandomResizedCrop
    | RandomCrop
    | CentreCrop
    | RandomShift
    | Rotate
    | Shear
)
_Bending = GridDistortion | ElasticDistortion
_Colouring = ColorJitter | Grayscale
_Tones = Posterize | Solarize | Invert | AutoContrast | Equalize | Clahe
_Textures = GaussianBlur | GaussianNoise | JpegCompression | Sharpen
_Choosing = RandAugment | TrivialAugmentWide | AutoAugment
_Erasing = RandomErasing | Cutout
Augmentation = _Moving | _Bending | _Colouring | _Tones | _Textures | _Choosing | AugMix | _Erasing
"""Every augmentation there is; `kind` tells them apart."""
CPU_ONLY = ("clahe", "jpeg_compression", "aug_mix")
"""Kinds that no device makes."""

# The same augmentation listed twice draws anew the second time.
_REPEAT_STRIDE = 1 << 16


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn for B images.

    Attributes:
        plan: How each is read from its stored image.
        bends: Displacements that are added to that.
        colours: Its linear map of colours; None where no colour changes.
        steps: What is done to its pixels then, one after the other.
        boxes: For each erasing the box of each image, x0, y0, x1, y1, empty where nothing is erased.
    """

    plan: Plan
    bends: list[Bend]
    colours: ColourMaps | None
    steps: list[Step]
    boxes: list[list[list[int]]]

    def part(self, where: slice) -> Drawn:
        """What was drawn for some of the images."""
        colours = None if self.colours is None else ColourMaps(self.colours.pixel[where], self.colours.mean[where])
        plan = Plan(self.plan.boxes[where], self.plan.turns[where], self.plan.matrix[where])
        bends, steps = ([item.part(where) for item in items] for items in (self.bends, self.steps))
        return Drawn(plan, bends, colours, steps, [boxes[where] for boxes in self.boxes])  # type: ignore[arg-type]

    def displacement(self, i: int, height: int, width: int) -> NDArray[np.float32] | None:
        """How far image `i` is bent at each pixel, in pixels, shape (2, height, width); None where it is not."""
        bends = [bend for bend in self.bends if bend.is_bent[i]]
        if not bends:
            return None
        total = bends[0].displacement(i, height, width)
        for bend in bends[1:]:
            total = total + bend.displacement(i, height, width)
        return total


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

    Geometric augmentations happen first, in their order, then distortions, with a single read of the pixels; then
    colours, in their order, as a single map; then tones and textures, in their order; then erasing. What a policy
    chooses happens with its like. Without any augmentation an image is the stored image, resized.

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
    steps = [(step.codes.tolist(), step.numbers.tolist()) for step in drawn.steps]

    def make(i: int) -> None:
        resample(stored[row_list[i]], drawn.plan, i, out[i], drawn.displacement(i, *out.shape[1:3]))
        if drawn.colours is not None:
            recolour(out[i], drawn.colours, i)
        for codes, numbers in steps:
            operate(out[i], codes[i], numbers[i])
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
    bends: list[Bend] = []
    steps: list[Step] = []
    boxes: list[list[list[int]]] = []
    for augmentation, u in _draws(augmentations, keys, seed, epoch):
        match augmentation:
            case ColorJitter() | Grayscale():
                colours = augmentation.tint(colours or ColourMaps.unchanged(len(keys)), u)
                if isinstance(augmentation, ColorJitter):
                    steps += augmentation.retouch(u)
            case GridDistortion() | ElasticDistortion():
                bends.append(augmentation.bend(u))
            case RandAugment() | TrivialAugmentWide() | AutoAugment():
                for choice in augmentation.choices(u):
                    frames = choice.move(frames)
                    steps.append(choice.step())
            case RandomErasing() | Cutout():
                holes = augmentation.boxes(u, *output).reshape(len(keys), -1, 4)
                boxes += holes.transpose(1, 0, 2).tolist()
            case _ if isinstance(augmentation, _Moving):
                frames = augmentation.move(frames, u)
            case _:
                steps.append(augmentation.retouch(u))
    is_bent = np.any([bend.is_bent for bend in bends], axis=0) if bends else np.zeros(len(keys), dtype=bool)
    return Drawn(plan_resampling(frames, stored, output, is_bent), bends, colours, steps, boxes)


def _draws(
    augmentations: Sequence[Augmentation], keys: NDArray[np.uint64], seed: int, epoch: int
) -> Iterator[tuple[Augmentation, NDArray[np.float64]]]:
    """Each augmentation with the uniform numbers that are its own."""
    n_seen: dict[int, int] = {}
    for augmentation in augmentations:
        repeat = n_seen[augmentation.stream] = n_seen.get(augmentation.stream, -1) + 1
        stream = augmentation.stream + repeat * _REPEAT_STRIDE
        yield augmentation, uniforms(seed, epoch, keys, stream, augmentation.n_uniforms)


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
