"""Detectors by name."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from podium.errors import UnknownNameError, UsageError
from podium.regions import register_detector
from podium.regions.detector import PACKAGES, find_detector
from podium.testing import check_detector


@pytest.mark.parametrize("name", PACKAGES)
def test_a_packaged_detector_keeps_the_contract_or_names_the_extra(name: str) -> None:
    if find_spec(PACKAGES[name][0]) is None:
        with pytest.raises(UsageError, match=r"podium\[face\]"):
            find_detector(name)
        pytest.skip(f"{PACKAGES[name][1]} is not installed")
    check_detector(find_detector(name).detect)


def test_own_detectors_are_checked_when_they_answer() -> None:
    register_detector("upside_down", lambda image: ([[5, 9, 7, 2]], [1.0]))
    with pytest.raises(UsageError, match=r"upside_down.*x1 <= x0 or y1 <= y0"):
        find_detector("upside_down")(np.zeros((9, 9, 3), np.uint8))


def test_names_that_are_taken_or_unknown_are_refused() -> None:
    for name in ("centre", "retinaface", "no name"):
        with pytest.raises(UsageError, match="name"):
            register_detector(name, lambda image: ([], []))
    with pytest.raises(UnknownNameError, match="register_detector"):
        find_detector("retinafase")
