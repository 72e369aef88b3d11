"""What every detector must do, checked on images of many shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.images import Detections, read_detections

__all__ = ["check_detector"]

_SHAPES = ((64, 64), (48, 96), (97, 41), (24, 24))


def check_detector(detect: Callable[[NDArray[np.uint8]], Sequence[Any]]) -> None:
    """Check that a detector answers boxes, scores and, if it likes, points; the same at every call; for any shape.

    Noise, a flat image and one that must not be written to are tried. Whether it finds what it should is not.

    Raises:
        AssertionError: If it breaks one of the rules; says which, and for which image.

    Example:
        >>> check_detector(lambda image: ([[0, 0, image.shape[1], image.shape[0]]], [0.5]))
    """
    for height, width in _SHAPES:
        noise = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
        for kind, image in (("noise", noise), ("flat", np.full_like(noise, 128))):
            _check_image(detect, image, f"{kind} of {height} x {width}")


def _check_image(detect: Callable[[NDArray[np.uint8]], Sequence[Any]], image: NDArray[np.uint8], what: str) -> None:
    given = image.copy()
    first, second = _ask(detect, given, what), _ask(detect, given, what)
    assert np.array_equal(given, image), f"{what}: the detector changes the image"
    is_same = np.array_equal(first.boxes, second.boxes) and np.array_equal(first.scores, second.scores)
    assert is_same, f"{what}: two calls give different answers"
    height, width = image.shape[:2]
    middle = (first.boxes[:, :2] + first.boxes[:, 2:]) / 2
    is_inside = ((middle >= 0) & (middle <= [width, height])).all()
    assert is_inside, f"{what}: the middle of a box lies outside; are boxes x0, y0, x1, y1 in pixels?"


def _ask(detect: Callable[[NDArray[np.uint8]], Sequence[Any]], image: NDArray[np.uint8], what: str) -> Detections:
    try:
        return read_detections(detect(image), "checked")
    except UsageError as error:
        raise AssertionError(f"{what}: {error.what}") from error
