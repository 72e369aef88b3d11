"""Noise: mean, deviation, shape of the bell, and no echo between pixels or keys."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from podium.data.noise import noise_of


@pytest.mark.slow
def test_it_is_nearly_normal() -> None:
    values = noise_of(123456789, 200_000)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    assert np.abs(values).max() <= np.sqrt(12)
    # The distance from the normal distribution of a sum of four uniform numbers is 0.009.
    assert stats.kstest(values, "norm").statistic < 0.015


def test_neither_neighbours_nor_keys_echo() -> None:
    one, other = noise_of(1, 100_000), noise_of(2, 100_000)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.015
    for lag in (1, 3, 96):
        assert abs(np.corrcoef(one[:-lag], one[lag:])[0, 1]) < 0.015
