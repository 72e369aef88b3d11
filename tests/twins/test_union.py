"""Connected components against a flood from each row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.twins.union import join_pairs

NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


def flooded(n: int, pairs: list[tuple[int, int]]) -> list[int]:
    """The lowest row that each row reaches, by spreading the lowest number until nothing changes."""
    lowest = list(range(n))
    for _ in range(n):
        for a, b in pairs:
            lowest[a] = lowest[b] = min(lowest[a], lowest[b])
    return lowest


@pytest.mark.slow
@given(st.integers(1, 20), st.data())
@settings(max_examples=60, deadline=None)
def test_it_is_what_a_flood_reaches(n: int, data: st.DataObject) -> None:
    rows = st.integers(0, n - 1)
    pairs = data.draw(st.lists(st.tuples(rows, rows), max_size=25))
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    got = join_pairs(n, array)
    assert got.tolist() == flooded(n, pairs)
    assert got.dtype == np.int64
    # Neither the order of the pairs, nor that within a pair, nor repeats matter.
    assert np.array_equal(join_pairs(n, np.concatenate([array[::-1, ::-1], array])), got)


def test_without_pairs_each_row_is_on_its_own() -> None:
    assert join_pairs(4, NO_PAIRS).tolist() == [0, 1, 2, 3]
    assert join_pairs(0, NO_PAIRS).tolist() == []


def test_a_long_chain_is_one_component() -> None:
    order = np.random.default_rng(0).permutation(3000)
    assert not join_pairs(3000, np.stack([order[:-1], order[1:]], axis=1)).any()
