"""Smooth images, and what a list of augmentations makes of them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.data.augment import Augmentation, augment_batch
from podium.data.randomness import sample_keys, uniforms

Images = NDArray[np.uint8]
KEYS = sample_keys([f"{i}.png" for i in range(64)])


def smooth_images(n: int, height: int, width: int) -> Images:
    """Smooth random images, so that a quarter of a pixel of misplacement changes few levels."""
    coarse = np.random.default_rng(0).uniform(0, 255, (n, 4, 5, 3)).astype(np.float32)
    return np.stack(
        [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255) for c in coarse]
    ).astype(np.uint8)


STORED = smooth_images(64, 24, 32)


def augment(
    augmentations: list[Augmentation], size: tuple[int, int] = (24, 32), stored: Images = STORED, epoch: int = 0
) -> Images:
    rows = np.arange(len(stored))
    out = np.full((len(stored), *size, 3), 77, np.uint8)
    return augment_batch(stored, rows, KEYS[: len(stored)], augmentations, seed=5, epoch=epoch, out=out)


def draw(kind: type, n: int = 64) -> NDArray[np.float64]:
    return uniforms(5, 0, KEYS[:n], kind.stream, kind.n_uniforms)  # type: ignore[attr-defined]
