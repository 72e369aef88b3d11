"""Reads frames out of stored images: one crop-and-resize, or one warp, for each image.

All work is on uint8. Turning every image to float first costs more than all of this together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.data.frames import Frames

__all__ = ["BILINEAR_SHRINK", "TRANSPOSED", "Plan", "plan_resampling", "resample", "resize_into"]

_Pixels = NDArray[np.uint8]

# A frame that is neither upright nor inside the image is warped.
_WARP = -1
TRANSPOSED = 4
# Up to this factor bilinear is used, which takes 40 us where the area filter takes 250 us (256x256 photos to
# 176x176, one core, OpenCV 5.0): mean difference from Pillow's antialiased filter 1.1 of 255, against 0.6.
BILINEAR_SHRINK = 1.5


@dataclass(frozen=True, eq=False)
class Plan:
    """How each of B images is read, as plain lists because they are read one number at a time.

    Attributes:
        boxes: x0, y0, x1, y1 of the part to resize.
        turns: What to do with the resized part: bit 0 mirror left-right, bit 1 mirror up-down, bit 2 transpose
            first; -1 where the part is warped instead.
        matrix: Map output -> stored image for a warp, continuous coordinates, shape (B, 2, 3).
    """

    boxes: list[list[int]]
    turns: list[int]
    matrix: NDArray[np.float64]


def plan_resampling(
    frames: Frames, stored: tuple[int, int], output: tuple[int, int], is_bent: NDArray[np.bool_] | None = None
) -> Plan:
    """How to read these frames from images of `stored` (H, W) into images of `output` (h, w).

    Args:
        frames: What B images show.
        stored: Height and width of the stored images.
        output: Height and width of the images.
        is_bent: Where a displacement will be added, shape (B,), so that nothing but a warp will do; None is nowhere.
    """
    linear, offset = frames.matrix[:, :, :2], frames.matrix[:, :, 2]
    far = offset + np.einsum("bij,bj->bi", linear, frames.size)
    low = np.rint(np.minimum(offset, far))
    high = np.maximum(np.rint(np.maximum(offset, far)), low + 1)
    is_upright = (linear[:, 0, 1] == 0) & (linear[:, 1, 0] == 0)
    is_transposed = (linear[:, 0, 0] == 0) & (linear[:, 1, 1] == 0)
    is_inside = (low >= 0).all(axis=1) & (high <= [stored[1], stored[0]]).all(axis=1)
    # x of the output follows the stored x, or the stored y where the image is transposed.
    along_x = np.where(is_transposed, linear[:, 1, 0], linear[:, 0, 0])
    along_y = np.where(is_transposed, linear[:, 0, 1], linear[:, 1, 1])
    turns = (along_x < 0) + 2 * (along_y < 0) + TRANSPOSED * is_transposed
    turns = np.where((is_upright | is_transposed) & is_inside, turns, _WARP)
    turns = turns if is_bent is None else np.where(is_bent, _WARP, turns)
    matrix = frames.matrix.copy()
    matrix[:, :, :2] *= (frames.size / [output[1], output[0]])[:, None, :]
    boxes = np.concatenate([low, high], axis=1).astype(np.int64)
    return Plan(boxes.tolist(), turns.tolist(), matrix)


def resample(image: _Pixels, plan: Plan, i: int, out: _Pixels, displacement: NDArray[np.float32] | None = None) -> None:
    """Write image `i` of the plan, read from its stored `image` (H, W, 3), into `out` (h, w, 3).

    Args:
        image: The stored image.
        plan: How to read a batch.
        i: Which of the batch.
        out: Where to.
        displacement: How far from its place each pixel of `out` is read, x and y, shape (2, h, w); None is nowhere.
    """
    turn = plan.turns[i]
    if turn == _WARP:
        _warp_into(image, plan.matrix[i], out, displacement)
        return
    x0, y0, x1, y1 = plan.boxes[i]
    part = image[y0:y1, x0:x1]
    if turn == 0:
        resize_into(part, out)
    else:
        _turn_into(part, turn, out)


def resize_into(image: _Pixels, out: _Pixels) -> None:
    """Write `image` (H, W, 3), stretched, into `out` (h, w, 3): averaged where it shrinks much, else bilinear."""
    (old_height, old_width), (height, width) = image.shape[:2], out.shape[:2]
    if old_height <= BILINEAR_SHRINK * height and old_width <= BILINEAR_SHRINK * width:
        cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)
        return
    if old_height < height or old_width < width:
        # OpenCV's area mode averages only where both sides shrink, so the growing side is left for a second step.
        smaller = (min(old_width, width), min(old_height, height))
        image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
        cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)
        return
    cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_AREA)


def _turn_into(part: _Pixels, turn: int, out: _Pixels) -> None:
    if turn & TRANSPOSED:
        resized = np.empty((out.shape[1], out.shape[0], 3), dtype=np.uint8)
        resize_into(part, resized)
        finish = _FINISH[turn & 3]
        finish(resized, out)
        return
    resized = np.empty(out.shape, dtype=np.uint8)
    resize_into(part, resized)
    cv2.flip(resized, (1, 0, -1)[turn - 1], dst=out)


def _warp_into(
    image: _Pixels, matrix: NDArray[np.float64], out: _Pixels, displacement: NDArray[np.float32] | None
) -> None:
    """Bilinear warp; the image is averaged down first where the warp shrinks it. Borders are mirrored."""
    height, width = image.shape[:2]
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if shrink > BILINEAR_SHRINK:
        smaller = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
        matrix = matrix * np.array([[smaller[0] / width], [smaller[1] / height]])
    # OpenCV puts (0, 0) at the centre of the first pixel.
    centred = matrix.copy()
    centred[:, 2] += 0.5 * (matrix[:, 0] + matrix[:, 1]) - 0.5
    if displacement is None:
        size = (out.shape[1], out.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(image, centred, size, dst=out, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        return
    x = displacement[0] + np.arange(out.shape[1], dtype=np.float32)
    y = displacement[1] + np.arange(out.shape[0], dtype=np.float32)[:, None]
    to_x, to_y = (np.asarray(a * x + b * y + c, dtype=np.float32) for a, b, c in centred.astype(np.float32))
    cv2.remap(image, to_x, to_y, cv2.INTER_LINEAR, dst=out, borderMode=cv2.BORDER_REFLECT_101)


def _transpose(image: _Pixels, out: _Pixels) -> Any:
    return cv2.transpose(image, dst=out)


def _transpose_then_mirror(image: _Pixels, out: _Pixels) -> Any:
    return cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE, dst=out)


def _transpose_then_flip(image: _Pixels, out: _Pixels) -> Any:
    return cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE, dst=out)


def _transpose_other_diagonal(image: _Pixels, out: _Pixels) -> Any:
    return cv2.transpose(cv2.rotate(image, cv2.ROTATE_180), dst=out)


_FINISH: tuple[Callable[[_Pixels, _Pixels], Any], ...] = (
    _transpose,
    _transpose_then_mirror,
    _transpose_then_flip,
    _transpose_other_diagonal,
)
