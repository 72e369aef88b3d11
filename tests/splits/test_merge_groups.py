from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import SplitError
from podium.splits import join_groups
from podium.tables import Samples
from podium.twins import join_pairs


@pytest.mark.slow
@given(st.integers(1, 15).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_components_are_those_of_relaxing_until_nothing_changes(case: tuple[int, list[tuple[int, int]]]) -> None:
    n, pairs = case
    lowest = list(range(n))
    for _ in range(n):
        for a, b in pairs:
            lowest[a] = lowest[b] = min(lowest[a], lowest[b])
    assert join_pairs(n, np.asarray(pairs, dtype=np.int64).reshape(-1, 2)).tolist() == lowest


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["", "", "ann", "bob", "cleo"]), min_size=2, max_size=14),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=8),
    st.integers(0, 1000),
)
def test_pairs_and_old_groups_end_in_one_group(
    make_samples: Callable[..., Samples], group: list[str], pairs: list[tuple[int, int]], seed: int
) -> None:
    n = len(group)
    rows = np.asarray([(a % n, b % n) for a, b in pairs], dtype=np.int64).reshape(-1, 2)
    samples = make_samples(n, group=group)
    joined = join_groups(samples, rows)
    merged = make_samples(n, group=joined.tolist()).group_keys
    for a, b in rows.tolist():
        assert merged[a] == merged[b]
    for a in range(n):
        for b in range(n):
            if group[a] and group[a] == group[b]:
                assert merged[a] == merged[b]
    untouched = {name for name in group if name} | set(samples.ids.tolist())
    assert set(merged.tolist()) <= untouched
    order = np.random.default_rng(seed).permutation(n)
    place = np.argsort(order)
    assert join_groups(samples.take(order), place[rows]).tolist() == joined[order].tolist()


def test_no_pairs_change_nothing_and_foreign_rows_are_refused(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(3, group=["a", "", "a"])
    assert join_groups(samples, np.empty((0, 2), int)).tolist() == ["a", "", "a"]
    assert join_groups(make_samples(2), np.asarray([[0, 1]])).tolist() == ["000000.jpg"] * 2
    with pytest.raises(SplitError, match="there are 3 samples"):
        join_groups(samples, np.asarray([[0, 3]]))
