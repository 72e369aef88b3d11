"""A picture with alpha, put onto a face by an affine map that its points fit, or into a box without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PLACES", "Sticker", "fit_sticker", "paste"]

_Points = NDArray[np.float64]

PLACES: dict[str, tuple[float, float, float, float]] = {
    "lower_face": (-0.08, 0.42, 1.08, 1.03),
    "eyes": (0.02, 0.12, 0.98, 0.45),
    "face": (0.0, 0.0, 1.0, 1.0),
}
"""Where a sticker's corners go, x0, y0, x1, y1 as shares of an upright face's box."""

_UPRIGHT = np.array([[0.26, 0.29], [0.74, 0.29], [0.5, 0.54], [0.3, 0.69], [0.7, 0.69]])
"""The points of an upright face as shares of its box: the mean of RetinaFace on bare faces, made symmetric."""


@dataclass(frozen=True, eq=False)
class Sticker:
    """A picture to paste.

    Args:
        name: What the table calls it.
        pixels: RGB and alpha, uint8 (H, W, 4).
    """

    name: str
    pixels: NDArray[np.uint8]


def fit_sticker(
    sticker_size: tuple[int, int],
    box: _Points,
    points: _Points,
    place: tuple[float, float, float, float],
    *,
    jitter: float = 0.0,
    u: Sequence[float] = (0.5, 0.5, 0.5, 0.5),
) -> _Points:
    """The affine map, float64 (2, 3), from pixels of a sticker to pixels of an image.

    Args:
        sticker_size: Width and height of the sticker.
        box: x0, y0, x1, y1 of the face, float64 (4,).
        points: Points of the face, float64 (5, 2); nan where they are not known, and the face is taken for upright.
        place: Where the sticker's corners go, see `PLACES`.
        jitter: Largest shift as a share of the face, change of size, and angle in radians.
        u: Four numbers in [0, 1) that choose among them; 0.5 changes nothing.

    Example:
        >>> unknown = np.full((5, 2), np.nan)
        >>> fit_sticker((10, 20), np.array([5.0, 5, 25, 45]), unknown, (0, 0, 1, 1)).tolist()
        [[2.0, 0.0, 5.0], [0.0, 2.0, 5.0]]
    """
    face = _face_map(box, points)
    left, top, right, bottom = place
    dx, dy, grow, angle = ((2 * number - 1) * jitter for number in u)
    to_place = np.diag([(right - left) / sticker_size[0], (bottom - top) / sticker_size[1], 1.0])
    to_place[:2, 2] = left, top
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    turn = (1 + grow) * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    move = np.eye(3)
    move[:2, :2], move[:2, 2] = turn, middle - turn @ middle + [dx, dy]
    whole: _Points = (face @ move @ to_place)[:2]
    return whole


def _face_map(box: _Points, points: _Points) -> _Points:
    """From shares of an upright face to pixels, (3, 3): least squares over the points."""
    found = np.eye(3)
    if np.isnan(points).any():
        found[0, 0], found[1, 1], found[:2, 2] = box[2] - box[0], box[3] - box[1], box[:2]
        return found
    known = np.column_stack([_UPRIGHT, np.ones(len(_UPRIGHT))])
    found[:2] = np.linalg.lstsq(known, points, rcond=None)[0].T
    return found


def paste(image: NDArray[np.uint8], sticker: Sticker, affine: _Points) -> NDArray[np.uint8]:
    """A new image (H, W, 3) with the sticker on it; where its alpha is 0 the image stays as it is.

    Args:
        image: The image.
        sticker: The sticker.
        affine: From the sticker's pixels to the image's, float64 (2, 3).

    Source:
        Porter and Duff 1984, "Compositing Digital Images": over, with premultiplied alpha, so that no edge has a rim.
    """
    size = (image.shape[1], image.shape[0])
    alpha = sticker.pixels[..., 3:].astype(np.float32) / 255
    colours = np.concatenate([sticker.pixels[..., :3] * alpha, alpha], axis=2)
    centred = affine.copy()  # OpenCV counts from the middle of the first pixel, boxes from its corner
    centred[:, 2] += affine[:, :2] @ [0.5, 0.5] - 0.5
    warped = cv2.warpAffine(colours, centred, size, flags=cv2.INTER_LINEAR)  # transparent outside
    mixed = image * (1 - warped[..., 3:]) + warped[..., :3]
    return np.where(warped[..., 3:] > 0, np.round(mixed).clip(0, 255), image).astype(np.uint8)
