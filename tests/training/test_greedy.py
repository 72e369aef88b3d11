from __future__ import annotations

import numpy as np
import pytest

from podium.training.greedy import deal_halves


@pytest.mark.parametrize("seed", range(5))
def test_halves_are_disjoint_whole_and_divide_no_group(seed: int) -> None:
    groups = np.array([f"g{row % 7}" for row in range(30)], dtype=object)
    first, second = deal_halves(groups, seed=seed)
    assert sorted([*first, *second]) == list(range(30))
    assert not set(groups[first]) & set(groups[second])
    assert abs(len(set(groups[first])) - len(set(groups[second]))) == 1
