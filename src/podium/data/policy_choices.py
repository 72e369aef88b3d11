"""What the automatic policies choose from: fourteen operations with one magnitude each, for every image on its own.

Those that move pixels join the geometry, so that they are read once with all else; the others follow as steps, in the
order in which they were chosen. Policies of other libraries move and recolour in turn, which gives the same image but
for the statistics that equalize, contrast and auto contrast take of its borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.data.frames import Frames
from podium.data.operations import CODES, KEEP, Step

__all__ = ["ENHANCING", "IDENTITY", "MAPPING", "MOVES", "Choices", "Scale", "choose", "magnitudes"]

_Array = NDArray[np.float64]

IDENTITY = "identity"
MOVES = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
ENHANCING = ("brightness", "saturation", "contrast", "sharpness")
MAPPING = ("posterize", "solarize", "auto_contrast", "equalize")


@dataclass(frozen=True)
class Scale:
    """What full magnitude means in one policy.

    Args:
        shear: Pixels to the side for each row.
        translate: Share of the side.
        degrees: Angle.
        enhance: Distance of brightness, contrast, saturation and sharpness from 1.
        posterize: Bits at magnitude 0 and at full magnitude.
    """

    shear: float = 0.3
    translate: float = 150 / 331
    degrees: float = 30.0
    enhance: float = 0.9
    posterize: tuple[int, int] = (8, 4)


def magnitudes(name: str, scale: Scale, level: _Array, is_negative: NDArray[np.bool_]) -> _Array:
    """The number that an operation takes at levels in [0, 1]: slopes, shares, degrees, factors, bits or thresholds.

    Args:
        name: The operation.
        scale: What full magnitude means.
        level: Shape (B,).
        is_negative: Where an operation that goes both ways goes down, shape (B,).
    """
    signed = np.where(is_negative, -level, level)
    if name in MOVES:
        full = (scale.shear, scale.shear, scale.translate, scale.translate, scale.degrees)
        return np.asarray(full[MOVES.index(name)] * signed)
    if name in ENHANCING:
        return np.asarray(1.0 + scale.enhance * signed)
    if name == "posterize":
        first, last = scale.posterize
        return np.asarray(first - np.rint((first - last) * level))
    return np.asarray(255.0 * (1 - level) if name == "solarize" else np.zeros(len(level)))


@dataclass(frozen=True, eq=False)
class Choices:
    """One choice for each of B images.

    Attributes:
        names: The operations, shape (B,).
        numbers: The number that each takes, shape (B,).
    """

    names: NDArray[np.str_]
    numbers: _Array

    def move(self, frames: Frames) -> Frames:
        """The frames, moved where the choice moves pixels."""
        by = {name: np.where(self.names == name, self.numbers, 0.0) for name in MOVES}
        if any(by[name].any() for name in MOVES[:2]):
            frames = frames.shear(by["shear_x"], by["shear_y"])
        if any(by[name].any() for name in MOVES[2:4]):
            distance = np.stack([by["translate_x"], by["translate_y"]], axis=1)
            frames = frames.shift(np.rint(distance * frames.size))
        return frames.rotate(by["rotate"]) if by["rotate"].any() else frames

    def step(self) -> Step:
        """What is done to the pixels where the choice does not move them."""
        codes = np.array([_code_of(str(name)) for name in self.names], dtype=np.int64)
        return Step(codes, self.numbers[:, None])


def _code_of(name: str) -> int:
    return KEEP if name in MOVES or name == IDENTITY else CODES[name]


def choose(names: tuple[str, ...], scale: Scale, which: NDArray[np.int64], level: _Array, signs: _Array) -> Choices:
    """The operations of these numbers, at levels in [0, 1]; signs below 0.5 go down."""
    numbers = np.zeros(len(which))
    for place in np.unique(which):
        here = which == place
        numbers[here] = magnitudes(names[place], scale, level[here], signs[here] < 0.5)
    return Choices(np.array(names)[which], numbers)
