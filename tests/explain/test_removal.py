"""Removing what a network looks at takes its probability away, and at once where the map is right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.explain import energy_inside, enlarge, moved_map, removal_curves

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)
MASK = np.zeros((32, 32), np.float32)
MASK[4:12, 16:28] = 1


def ask(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much of the part under the mask is as it was."""
    same = (images == IMAGE).all(axis=3)
    return np.asarray((same * MASK).sum(axis=(1, 2)) / MASK.sum())


def test_a_right_map_falls_at_once_and_a_wrong_one_at_the_end() -> None:
    right, wrong = removal_curves(ask, IMAGE, MASK), removal_curves(ask, IMAGE, 1 - MASK)
    assert right.deletion[0] == wrong.deletion[0] == 1
    assert right.insertion[-1] == wrong.insertion[-1] == 1
    assert right.deletion[1] == 0
    assert right.insertion[1] == 1
    assert wrong.deletion[-2] > 0.9
    assert right.areas[0] == pytest.approx(1 / 16)
    assert right.areas[0] < 0.2 < wrong.areas[0]
    assert right.areas[1] > 0.8 > wrong.areas[1]
    assert (np.diff(right.deletion) <= 0).all()


def test_chance_lies_between() -> None:
    values = enlarge(RNG.random((1, 5, 5), dtype=np.float32), (32, 32))[0]
    moved = [moved_map(key, values) for key in range(40)]
    deletion, insertion = np.mean([removal_curves(ask, IMAGE, one).areas for one in moved], axis=0)
    assert deletion == pytest.approx(0.5, abs=0.1)
    assert insertion == pytest.approx(0.5, abs=0.1)
    assert all(np.array_equal(np.sort(one, axis=None), np.sort(values, axis=None)) for one in moved)
    assert np.array_equal(moved_map(3, values), moved[3])


def test_energy_is_the_part_of_the_sum() -> None:
    maps = np.stack([MASK, 1 - MASK, np.ones_like(MASK), np.zeros_like(MASK)])
    found = energy_inside(maps, np.stack([MASK] * 4))
    np.testing.assert_allclose(found, [1, 0, MASK.mean(), np.nan])


def test_a_map_is_enlarged_about_the_middles_of_its_cells() -> None:
    large = enlarge(np.array([[[0, 1], [0, 1]]], np.float32), (4, 8))[0]
    assert (large == large[0]).all()
    np.testing.assert_allclose(large[0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
