"""Deletion and insertion curves: what becomes of a probability as the places of a map are removed, or put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["RemovalCurves", "moved_map", "removal_curves"]

Ask = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""Images (B, H, W, 3) to the probability of the class that is explained, (B,)."""


@dataclass(frozen=True, eq=False)
class RemovalCurves:
    """The probability of a class after each step.

    Attributes:
        deletion: After the highest places were painted in the image's mean colour, (S + 1,). It falls fast where the
            map is right.
        insertion: After the highest places were uncovered in a blurred image, (S + 1,). It rises fast.
    """

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]

    @property
    def areas(self) -> tuple[float, float]:
        """Areas under both curves, over steps from 0 to 1: the mean probability on the way."""
        return _area(self.deletion), _area(self.insertion)


def removal_curves(ask: Ask, image: NDArray[np.uint8], values: NDArray[np.float32], n_steps: int = 8) -> RemovalCurves:
    """Both curves of one image.

    Args:
        ask: The network.
        image: uint8 (H, W, 3).
        values: The map, (H, W); the highest pixels go first, equal ones from the top left.
        n_steps: Steps, at least 1; each takes the same share of the pixels.

    Source:
        Petsiuk, Das and Saenko 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models".
    """
    order = np.argsort(-values.ravel(), kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    done = [(rank < round(order.size * step / n_steps)).reshape(values.shape)[..., None] for step in range(n_steps + 1)]
    mean = np.broadcast_to(image.mean(axis=(0, 1)).round().astype(np.uint8), image.shape)
    blurred = cv2.GaussianBlur(image, (0, 0), max(image.shape[:2]) / 16)
    made = [np.where(mask, mean, image) for mask in done] + [np.where(mask, image, blurred) for mask in done]
    probs = ask(np.stack(made))
    return RemovalCurves(probs[: n_steps + 1], probs[n_steps + 1 :])


def moved_map(key: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same map (H, W) somewhere else, mirrored or not: what a map of this texture does by chance.

    Removing single pixels all over an image hurts a network more than removing one part of it, whatever was there.
    So a map is not compared with noise.
    """
    rng = np.random.default_rng(key)
    flipped = values[:: rng.choice([1, -1]), :: rng.choice([1, -1])]
    return np.roll(flipped, [int(rng.integers(side)) for side in values.shape], axis=(0, 1))


def _area(curve: NDArray[np.float64]) -> float:
    return float((curve[1:] + curve[:-1]).mean() / 2)
