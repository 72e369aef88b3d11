"""The contract of a detector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from podium.testing import check_detector
from tiny.faces import FaceDetector


def test_a_good_detector_passes() -> None:
    check_detector(FaceDetector())


def _writes(image: Any) -> Any:
    image[:] = 0
    return [], []


@pytest.mark.parametrize(
    ("detect", "words"),
    [
        (lambda image: [], "must return"),
        (lambda image: ([[0, 0, 5, 5]], []), "1 box, but 0 scores"),
        (lambda image: ([[0, 0, 5, 5]], [3.0]), "expected 0 to 1"),
        (lambda image: ([[0, 0, np.inf, 5]], [0.5]), "not finite"),
        (lambda image: ([[500, 500, 505, 505]], [0.5]), "outside"),
        (lambda image: ([[0, 0, 1 + np.random.rand(), 5]], [0.5]), "two calls"),
        (_writes, "changes the image"),
    ],
)
def test_each_rule_is_checked(detect: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_detector(detect)
