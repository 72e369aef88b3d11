"""Policies that choose operations for every image: RandAugment, TrivialAugment and AutoAugment.

Levels, ranges and tables are torchvision's. Empty corners are filled with a mirror image instead of black, pixels are
read with bilinear interpolation, and TrivialAugment's move of 32 pixels is a seventh of the side, as at 224 px.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.imagenet_policy import IMAGENET_POLICY
from podium.data.policy_choices import ENHANCING, IDENTITY, MAPPING, MOVES, Choices, Scale, choose
from podium.data.ranges import check_count, check_probability, check_range, ends

__all__ = ["AutoAugment", "RandAugment", "TrivialAugmentWide"]

_Array = NDArray[np.float64]

_ALL = (IDENTITY, *MOVES, *ENHANCING, *MAPPING)
_WIDE = Scale(shear=0.99, translate=1 / 7, degrees=135.0, enhance=0.99, posterize=(8, 2))
_STEPS = 30
"""Magnitudes are whole steps from 0 to 30."""


@dataclass(frozen=True)
class RandAugment:
    """Some operations of fourteen, all at the same magnitude: the usual choice for long training on photos.

    Args:
        n_operations: Operations on each image.
        magnitude: From 0 to 30; 9 is torchvision's.
        probability: Chance that an image is changed.

    Source:
        Cubuk et al. 2020, "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space".
    """

    n_operations: int = 2
    magnitude: float = 9.0
    probability: float = 1.0
    kind: Literal["rand_augment"] = "rand_augment"

    stream: ClassVar[int] = 80

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_count(self.kind, "n_operations", self.n_operations, 1, 14)
        check_range(self.kind, "magnitude", ends(self.magnitude), lowest=0, highest=_STEPS)

    @property
    def n_uniforms(self) -> int:
        """Uniform numbers that an image takes."""
        return 1 + 2 * self.n_operations

    def choices(self, u: _Array) -> list[Choices]:
        """One choice after the other that the uniform numbers `u`, shape (B, n_uniforms), say."""
        level = np.full(len(u), self.magnitude / _STEPS)
        is_left = u[:, 0] >= self.probability
        pairs = u[:, 1:].reshape(len(u), self.n_operations, 2).transpose(1, 2, 0)
        return [
            choose(_ALL, Scale(), np.where(is_left, 0, _which(place, len(_ALL))), level, sign) for place, sign in pairs
        ]


@dataclass(frozen=True)
class TrivialAugmentWide:
    """One operation of fourteen at a random magnitude, up to very strong ones: nothing to tune.

    Source:
        Müller and Hutter 2021, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation".
    """

    probability: float = 1.0
    kind: Literal["trivial_augment_wide"] = "trivial_augment_wide"

    stream: ClassVar[int] = 81
    n_uniforms: ClassVar[int] = 4

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def choices(self, u: _Array) -> list[Choices]:
        """The choice that the uniform numbers `u`, shape (B, 4), say."""
        which = np.where(u[:, 0] < self.probability, _which(u[:, 1], len(_ALL)), 0)
        level = np.floor(u[:, 2] * (_STEPS + 1)) / _STEPS
        return [choose(_ALL, _WIDE, which, level, u[:, 3])]


@dataclass(frozen=True)
class AutoAugment:
    """One of 25 pairs of operations that were found on ImageNet.

    Source:
        Cubuk et al. 2019, "AutoAugment: Learning Augmentation Strategies from Data".
    """

    probability: float = 1.0
    kind: Literal["auto_augment"] = "auto_augment"

    stream: ClassVar[int] = 82
    n_uniforms: ClassVar[int] = 6

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)

    def choices(self, u: _Array) -> list[Choices]:
        """The two choices that the uniform numbers `u`, shape (B, 6), say."""
        pair = _which(u[:, 1], len(IMAGENET_POLICY))
        is_changed = u[:, 0] < self.probability
        return [self._half(half, pair, is_changed, u[:, 2 + 2 * half], u[:, 3 + 2 * half]) for half in (0, 1)]

    def _half(
        self, half: int, pair: NDArray[np.int64], is_changed: NDArray[np.bool_], chance: _Array, signs: _Array
    ) -> Choices:
        names = (*_ALL, "invert")
        table = [operations[half] for operations in IMAGENET_POLICY]
        happens = is_changed & (chance < np.array([probability for _, probability, _ in table])[pair])
        which = np.array([names.index(name) for name, _, _ in table])[pair]
        level = np.array([magnitude for _, _, magnitude in table])[pair] / 9
        return choose(names, Scale(), np.where(happens, which, 0), level, signs)


def _which(u: _Array, n: int) -> NDArray[np.int64]:
    return np.floor(u * n).astype(np.int64)
