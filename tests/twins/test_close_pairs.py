from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.twins import close_pairs
from podium.twins.close_pairs import find_close_pairs


def compare_all(hashes: np.ndarray, max_distance: int) -> list[list[int]]:
    rows = range(len(hashes))
    return [[i, j] for i in rows for j in rows if i < j and int(hashes[i] ^ hashes[j]).bit_count() <= max_distance]


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.integers(0, 60), st.integers(0, 24), st.integers(0, 20), st.integers(0, 10**6))
def test_every_close_pair_is_found_and_no_other(n: int, max_distance: int, n_flips: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 2**64, max(n // 4, 1), dtype=np.uint64)
    hashes = base[rng.integers(0, len(base), n)]
    for _ in range(n_flips):
        hashes = hashes ^ (np.uint64(1) << rng.integers(0, 64, n).astype(np.uint64))
    pairs, distance, is_cut = find_close_pairs(hashes, max_distance)
    assert pairs.tolist() == compare_all(hashes, max_distance)
    assert distance.tolist() == [int(hashes[i] ^ hashes[j]).bit_count() for i, j in pairs]
    assert not is_cut


@pytest.mark.slow
@pytest.mark.parametrize("n_parts", [0, 1, 2, 3, 5, 10])
def test_the_number_of_parts_does_not_matter(monkeypatch: pytest.MonkeyPatch, n_parts: int) -> None:
    rng = np.random.default_rng(n_parts)
    hashes = rng.integers(0, 2**64, 40, dtype=np.uint64)[rng.integers(0, 40, 300)]
    for _ in range(7):
        hashes = hashes ^ (np.uint64(1) << rng.integers(0, 64, 300).astype(np.uint64))
    monkeypatch.setattr(close_pairs, "choose_parts", lambda *_: n_parts)
    monkeypatch.setattr(close_pairs, "_CHUNK", 50)
    pairs, _, _ = find_close_pairs(hashes, 9)
    assert pairs.tolist() == compare_all(hashes, 9)


@pytest.mark.long
def test_many_hashes_give_what_a_comparison_of_all_with_all_gives() -> None:
    """Large enough for the masks, with hashes that share most of their bits, as those of look-alikes do."""
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 2**64, 6000, dtype=np.uint64)
    hashes[:2000] |= np.uint64(0xFFFFFFFFFFF00000)
    for max_distance in (4, 10):
        distance = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
        expected = np.argwhere(np.triu(distance <= max_distance, 1))
        assert np.array_equal(find_close_pairs(hashes, max_distance)[0], expected)


def test_rows_of_one_side_and_denied_pairs_are_left_out() -> None:
    hashes = np.asarray([5, 5, 5, 7], np.uint64)
    pairs, _, _ = find_close_pairs(hashes, 1, side=np.asarray([0, 0, 1, 1]))
    assert pairs.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]
    pairs, _, _ = find_close_pairs(hashes, 1, confirm=lambda first, second: first + second == 3)
    assert pairs.tolist() == [[0, 3], [1, 2]]


def test_the_limit_is_told() -> None:
    pairs, _, is_cut = find_close_pairs(np.zeros(200, np.uint64), 0, limit=100)
    assert len(pairs) == 100
    assert is_cut


@pytest.mark.parametrize("max_distance", [-1, 32])
def test_distances_that_make_no_sense(max_distance: int) -> None:
    with pytest.raises(UsageError, match=r"\[0, 31\]"):
        find_close_pairs(np.zeros(3, np.uint64), max_distance)
