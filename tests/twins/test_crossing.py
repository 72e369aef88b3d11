"""Groups that are too fine, beside groups that are objects."""

from __future__ import annotations

import numpy as np
import pytest

from podium.twins import crossing_share, make_directions


@pytest.mark.parametrize(("parts", "low", "high"), [(1, 0.0, 0.05), (2, 0.4, 0.7), (4, 0.6, 0.95)])
def test_objects_dealt_into_several_groups(parts: int, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    thing = np.repeat(np.arange(30), 8)
    directions = make_directions(rng.normal(0, 3, (30, 16))[thing] + rng.normal(0, 1, (240, 16)))
    group = thing * parts + np.tile(np.arange(8) % parts, 30)
    found = crossing_share(directions, np.arange(240), group=group, cluster=thing, fold=group % 5)
    assert low <= found <= high
    slow = []
    for row in range(240):
        similar = directions @ directions[row]
        mates = [i for i in range(240) if i != row and group[i] == group[row]]
        others = [i for i in range(240) if thing[i] == thing[row] and group[i] % 5 != group[row] % 5]
        slow.append(bool(others) and max(similar[others]) > max(similar[mates]))
    assert found == np.mean(slow)


def test_groups_of_one_image_say_nothing() -> None:
    directions, alone = np.eye(40, dtype=np.float32), np.arange(40)
    assert np.isnan(crossing_share(directions, alone, group=alone, cluster=alone // 4, fold=alone % 3))
