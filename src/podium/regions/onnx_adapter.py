"""Any ONNX network that answers boxes and scores as a detector, run by OpenCV: no further package is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.regions.detector import Detector

__all__ = ["onnx_detector"]


def onnx_detector(
    path: str | Path,
    *,
    height: int,
    width: int,
    mean: float | Sequence[float] = 127.0,
    scale: float = 128.0,
    boxes: str = "boxes",
    scores: str = "scores",
    least_score: float = 0.7,
    most_overlap: float = 0.3,
) -> Detector:
    """A detector of an ONNX file, for `podium.register_detector`.

    The network takes an RGB image (1, 3, height, width) as (pixels - mean) / scale, and answers boxes (1, M, 4) as
    fractions x0, y0, x1, y1 of the image, and scores (1, M) or (1, M, 2), whose last one is that of the object. Of
    boxes that overlap, the surest is kept. For a network of another kind write a function that `register_detector`
    takes: it is about ten lines.

    Args:
        path: The file.
        height: Height of the network's input.
        width: Width of the network's input.
        mean: Value that is subtracted, or one for each of red, green and blue.
        scale: What is then divided by.
        boxes: Name of the output with the boxes.
        scores: Name of the output with the scores.
        least_score: Boxes below it are left out.
        most_overlap: Share of intersection in union from which two boxes are one.

    Raises:
        UsageError: If the file does not exist or OpenCV cannot read it.
    """
    try:
        network = cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise UsageError(
            f"OpenCV cannot read it: {str(error).strip().splitlines()[-1]}",
            where=path,
            fix="Check the file, or write a function for podium.register_detector with a runtime of your choice.",
        ) from error

    def detect(image: NDArray[np.uint8]) -> Sequence[Any]:
        pixels = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        values = (pixels.astype(np.float32) - np.asarray(mean, dtype=np.float32)) / np.float32(scale)
        network.setInput(np.ascontiguousarray(values.transpose(2, 0, 1)[None]))
        corners, sure = network.forward([boxes, scores])
        corners, sure = np.asarray(corners).reshape(-1, 4), np.asarray(sure)
        sure = sure.reshape(len(corners), -1)[:, -1]
        corners = corners * np.tile([image.shape[1], image.shape[0]], 2)
        is_good = (sure >= least_score) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
        return _keep_surest(corners[is_good], sure[is_good].clip(0, 1), most_overlap)

    return detect


def _keep_surest(
    corners: NDArray[np.floating[Any]], sure: NDArray[np.floating[Any]], most_overlap: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Greedy non-maximum suppression."""
    left, kept = np.argsort(-sure, kind="stable"), []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        low, high = np.maximum(corners[first, :2], corners[left, :2]), np.minimum(corners[first, 2:], corners[left, 2:])
        shared = np.prod(np.clip(high - low, 0, None), axis=1)
        area = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
        left = left[shared / (area[first] + area[left] - shared) <= most_overlap]
    return corners[kept], sure[kept]
