"""Groups whose images look alike, beside a slow loop over all triplets, and groups that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from podium.twins import make_directions, weigh_groups


def draw(n_groups: int, n_each: int, *, spread: float, across: bool = False) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(n_groups), n_each)
    kinds = np.tile(np.arange(n_each), n_groups) if across else group % 3
    looks = rng.normal(0, 3, (max(3, n_each), 12))[kinds] + rng.normal(0, spread, (n_groups, 12))[group]
    return make_directions(looks + rng.normal(0, 1, looks.shape)), kinds.astype(np.int64), group.astype(np.int64)


@pytest.mark.parametrize("across", [False, True])
def test_the_share_is_that_of_all_triplets(across: bool) -> None:
    directions, kinds, group = draw(12, 4, spread=0.7, across=across)
    wins = []
    for a in range(48):
        for b in np.flatnonzero((group == group[a]) & (np.arange(48) != a)):
            outside = np.flatnonzero((group != group[a]) & (kinds == kinds[b]))
            wins.append((directions[a] @ directions[b] > directions[outside] @ directions[a]).mean())
    found = weigh_groups(directions, kinds, group, n_asked=10**6)
    assert found is not None
    many = np.mean([weigh_groups(directions, kinds, group, seed=seed).closer for seed in range(40)])  # type: ignore[union-attr]
    assert many == pytest.approx(np.mean(wins), abs=0.015)
    assert (found.n_groups, found.n_grouped, found.n_largest) == (12, 48, 4)
    assert found.compared == 1


def test_groups_dealt_at_random_say_nothing() -> None:
    directions, kinds, group = draw(60, 5, spread=2.0)
    rng = np.random.default_rng(1)
    away = []
    for seed in range(30):
        found = weigh_groups(directions, kinds, rng.permutation(group), seed=seed)
        assert found is not None
        away.append((found.closer - 0.5) / found.doubt)
    assert abs(np.mean(away)) < 1
    assert np.std(away) < 1.6
    own = weigh_groups(directions, kinds, group)
    assert own is not None
    assert own.closer - 3 * own.doubt > 0.8


def test_a_grouping_that_is_the_class_has_nothing_to_compare_with() -> None:
    directions, kinds, _ = draw(12, 4, spread=1.0)
    assert weigh_groups(directions, kinds, kinds) is None
    assert weigh_groups(directions, kinds, np.arange(48)) is None
