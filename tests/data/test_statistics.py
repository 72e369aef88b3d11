"""Mean and deviation of colours against numpy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from podium.data import channel_statistics


def test_they_are_numpys_of_these_rows_only() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 5, 3), dtype=np.uint8)
    rows = np.array([7, 0, 3])
    mean, std = channel_statistics(pixels, rows)
    wanted = pixels[rows].reshape(-1, 3) / 255
    assert mean == pytest.approx(wanted.mean(axis=0), abs=1e-12)
    assert std == pytest.approx(wanted.std(axis=0), abs=1e-12)
    assert channel_statistics(pixels, rows[::-1]) == (mean, std)


def test_one_colour_still_has_a_deviation() -> None:
    assert channel_statistics(np.full((1, 4, 4, 3), 51, np.uint8), np.array([0])) == ((0.2,) * 3, (1 / 255,) * 3)
