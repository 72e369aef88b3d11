"""Regions that follow from the box of a face and, where they are known, its points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["DERIVED", "base_of", "derive_region"]

FACE = "face"
_Box = NDArray[np.float64]
_NOSE = 2
_UPPER = 0.55
"""Share of a face box above the tip of the nose: boxes of RetinaFace reach from the forehead to the chin."""


def _face(box: _Box, points: _Box) -> _Box:
    return box


def _upper_face(box: _Box, points: _Box) -> _Box:
    """From the upper side to the tip of the nose: what a mask leaves free."""
    nose = points[_NOSE, 1]
    is_inside = box[1] + 0.2 * (box[3] - box[1]) < nose < box[3]  # also False where it is not known
    below = nose if is_inside else box[1] + _UPPER * (box[3] - box[1])
    return np.array([box[0], box[1], box[2], below])


def _face_and_clothes(box: _Box, points: _Box) -> _Box:
    """Half a face more on the left, on the right and above, one and a half below: hair, shoulders, collar."""
    width, height = box[2] - box[0], box[3] - box[1]
    return np.array([box[0] - width / 2, box[1] - height / 2, box[2] + width / 2, box[3] + 1.5 * height])


DERIVED: dict[str, Callable[[_Box, _Box], _Box]] = {
    FACE: _face,
    "upper_face": _upper_face,
    "face_and_clothes": _face_and_clothes,
}
"""Regions that are made of a face, by name."""


def base_of(region: str) -> str:
    """The region that a detector has to find.

    Example:
        >>> base_of("upper_face"), base_of("logo")
        ('face', 'logo')
    """
    return FACE if region in DERIVED else region


def derive_region(region: str, box: _Box, points: _Box) -> _Box:
    """The box of a region, float64 (4,), from the box of its base; not clamped.

    Args:
        region: Its name.
        box: Box that was found, float64 (4,).
        points: Points of the face, float64 (5, 2); nan where they are not known.

    Example:
        >>> unknown = np.full((5, 2), np.nan)
        >>> derive_region("face_and_clothes", np.array([40.0, 40, 60, 80]), unknown).tolist()
        [30.0, 20.0, 70.0, 140.0]
    """
    return DERIVED.get(region, _face)(box, points)
