"""Regions that are made of a face."""

from __future__ import annotations

import numpy as np
import pytest

from podium.regions import DERIVED, base_of, derive_region

BOX, UNKNOWN = np.array([20.0, 30, 60, 90]), np.full((5, 2), np.nan)
POINTS = np.array([[30.0, 50], [50, 50], [40, 66], [33, 78], [47, 78]])


def test_the_upper_face_ends_at_the_nose_where_it_is_known_and_plausible() -> None:
    assert derive_region("upper_face", BOX, POINTS).tolist() == [20, 30, 60, 66]
    assert derive_region("upper_face", BOX, UNKNOWN).tolist() == [20, 30, 60, 63]
    assert derive_region("upper_face", BOX, POINTS - [0, 60]).tolist() == [20, 30, 60, 63]  # a nose above the face


@pytest.mark.parametrize("region", DERIVED)
def test_regions_scale_and_move_with_the_face(region: str) -> None:
    once = derive_region(region, BOX, POINTS)
    again = derive_region(region, BOX * 3 + 7, POINTS * 3 + 7)
    np.testing.assert_allclose(again, once * 3 + 7)


def test_other_names_are_what_the_detector_finds() -> None:
    assert derive_region("logo", BOX, UNKNOWN).tolist() == BOX.tolist()
    assert {base_of(name) for name in DERIVED} == {"face"}
