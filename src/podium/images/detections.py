"""What a detector says of one image: boxes, scores and, where it knows them, the points of each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.listing import count_of
from podium.tables import N_POINTS

__all__ = ["Detections", "read_detections"]


@dataclass(frozen=True, eq=False)
class Detections:
    """What was found in one image, M boxes.

    Args:
        boxes: x0, y0, x1, y1 in pixels, float64 (M, 4).
        scores: How sure each is, in [0, 1], float64 (M,).
        points: Eyes, nose and corners of the mouth, float64 (M, 5, 2); nan where they are not known.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)


def read_detections(answer: Sequence[Any], name: str) -> Detections:
    """What a detector returned, checked.

    Args:
        answer: (boxes, scores) or (boxes, scores, points), as arrays or lists.
        name: The detector, for errors.

    Raises:
        UsageError: If a shape is wrong, a number is not finite, a box is empty, or a score is outside [0, 1].

    Example:
        >>> read_detections(([[1, 2, 5, 9]], [0.9]), "mine").boxes
        array([[1., 2., 5., 9.]])
    """
    if not isinstance(answer, tuple | list) or len(answer) not in (2, 3):
        raise UsageError(
            f"detector {name!r} must return (boxes, scores) or (boxes, scores, points), got {type(answer).__name__}."
        )
    boxes = np.asarray(answer[0], dtype=np.float64).reshape(-1, 4) if np.size(answer[0]) else np.zeros((0, 4))
    scores = np.asarray(answer[1], dtype=np.float64).reshape(-1)
    points = np.full((len(boxes), N_POINTS, 2), np.nan)
    if len(answer) == 3 and np.size(answer[2]):
        points = np.asarray(answer[2], dtype=np.float64)
    _check(name, boxes, scores, points)
    return Detections(boxes, scores, points)


def _check(name: str, boxes: NDArray[np.float64], scores: NDArray[np.float64], points: NDArray[np.float64]) -> None:
    problem = None
    if len(scores) != len(boxes):
        problem = f"{count_of(len(boxes), 'box', 'boxes')}, but {count_of(len(scores), 'score')}"
    elif points.shape != (len(boxes), N_POINTS, 2):
        problem = f"points of shape {points.shape}, expected {(len(boxes), N_POINTS, 2)}"
    elif not np.isfinite(boxes).all():
        problem = "a box that is not finite"
    elif (boxes[:, 2:] <= boxes[:, :2]).any():
        problem = f"a box with x1 <= x0 or y1 <= y0: {boxes[(boxes[:, 2:] <= boxes[:, :2]).any(axis=1)][0].tolist()}"
    elif not ((scores >= 0) & (scores <= 1)).all():
        problem = f"scores of {scores.min()} to {scores.max()}, expected 0 to 1"
    if problem is not None:
        raise UsageError(
            f"detector {name!r} gave {problem}.",
            fix="Boxes are x0, y0, x1, y1 in pixels of the upright image; podium.testing.check_detector checks it.",
        )
