from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.twins import chain_equal_files, find_near_duplicates, join_pairs

NORMAL = np.uint64(0x0F0F_3C3C_5A5A_6969)  # 32 bits set, as a DCT hash has


def flip(value: np.uint64, *bits: int) -> np.uint64:
    for bit in bits:
        value = value ^ np.uint64(1 << bit)
    return value


def test_equal_and_close_hashes_are_twins_and_flat_ones_are_not() -> None:
    hashes = np.asarray(
        [NORMAL, NORMAL, flip(NORMAL, 0, 1, 2, 3), flip(NORMAL, *range(0, 12, 2)), 0, 0, 255], np.uint64
    )
    found = find_near_duplicates(hashes)
    assert sorted(map(tuple, found.pairs.tolist())) == [(0, 1), (0, 2), (1, 2)]
    assert found.distance.max() == 4
    assert found.n_unjudged == 3


def test_sides_limit_what_is_compared() -> None:
    hashes = np.asarray([NORMAL] * 4, np.uint64)
    found = find_near_duplicates(hashes, side=np.asarray([0, 0, 1, 2]))
    assert sorted(map(tuple, found.pairs.tolist())) == [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_copies_of_a_file_are_left_to_the_other_check() -> None:
    hashes = np.asarray([NORMAL, NORMAL, flip(NORMAL, 5, 9)], np.uint64)
    found = find_near_duplicates(hashes, side=np.arange(3), sha256=["x", "x", "y"])
    assert sorted(map(tuple, found.pairs.tolist())) == [(0, 2), (1, 2)]


def test_one_copy_of_a_file_stands_for_all_on_its_side() -> None:
    hashes = np.asarray([NORMAL, NORMAL, flip(NORMAL, 5, 9), NORMAL, NORMAL], np.uint64)
    digests = ["x", "x", "y", "", ""]
    alone = find_near_duplicates(hashes, sha256=digests)
    assert sorted(map(tuple, alone.pairs.tolist())) == [(0, 2), (0, 3), (0, 4), (2, 3), (2, 4), (3, 4)]
    divided = find_near_duplicates(hashes, sha256=digests, side=np.asarray([0, 0, 1, 1, 0]))
    assert sorted(map(tuple, divided.pairs.tolist())) == [(0, 2), (0, 3), (2, 4), (3, 4)]


def test_a_hash_shared_by_thousands_costs_no_more_than_a_chain() -> None:
    n = 20_000
    hashes = np.full(n, NORMAL, np.uint64)
    alone = find_near_duplicates(hashes)
    assert alone.is_partial
    assert len(alone.pairs) <= 2 * n
    assert len(np.unique(join_pairs(n, alone.pairs))) == 1
    divided = find_near_duplicates(hashes, side=np.arange(n) % 5)
    assert divided.is_partial
    assert len(np.unique(divided.pairs)) == n
    assert len(divided.pairs) < 5 * n


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 10**6))
def test_with_and_without_bundles_the_same_pairs(n: int, n_sides: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = np.asarray([flip(NORMAL, *rng.integers(0, 64, rng.integers(0, 5))) for _ in range(6)], np.uint64)
    hashes, side = pool[rng.integers(0, 6, n)], rng.integers(0, n_sides, n)
    found = find_near_duplicates(hashes, side=side)
    judged = [i for i in range(n) if int(hashes[i]).bit_count() >= 24]
    expected = {
        (i, j)
        for i in judged
        for j in judged
        if i < j and side[i] != side[j] and int(hashes[i] ^ hashes[j]).bit_count() <= 4
    }
    if found.is_partial:
        assert set(map(tuple, found.pairs.tolist())) <= expected
    else:
        assert sorted(map(tuple, found.pairs.tolist())) == sorted(expected)


def test_thumbnails_confirm_pair_by_pair_even_under_one_hash() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (4, 16, 16)).astype(np.uint8)
    small[2] = np.clip(small[0].astype(int) + rng.integers(-3, 4, (16, 16)), 0, 255)
    hashes = np.asarray([NORMAL] * 4, np.uint64)
    assert find_near_duplicates(hashes, thumbnails=small).pairs.tolist() == [[0, 2]]
    assert find_near_duplicates(hashes, thumbnails=small, side=np.asarray([0, 0, 1, 1])).pairs.tolist() == [[0, 2]]
    with pytest.raises(UsageError, match="3 thumbnails for 4"):
        find_near_duplicates(hashes, thumbnails=small[:3])


def test_equal_files_are_chained_and_unknown_ones_left_alone() -> None:
    assert chain_equal_files(["a", "b", "a", "", "a", "", "b"]).tolist() == [[0, 2], [2, 4], [1, 6]]
    assert chain_equal_files([]).shape == (0, 2)


def test_hashes_may_be_signed() -> None:
    hashes = np.asarray([NORMAL, 0, flip(NORMAL, 1, 2), 0, 0], np.uint64)
    assert find_near_duplicates(hashes.view(np.int64)).pairs.tolist() == [[0, 2]]


def test_pairs_between_sides_are_those_that_a_split_divides() -> None:
    hashes = np.asarray([NORMAL] * 4, np.uint64)
    near = find_near_duplicates(hashes)
    assert len(near.pairs) == 6
    divided = near.between(np.asarray([0, 0, 1, 1]))
    assert divided.pairs.tolist() == [pair for pair in near.pairs.tolist() if (pair[0] < 2) != (pair[1] < 2)]
    assert len(divided.distance) == 4
    assert not near.between(np.zeros(4, np.int64)).pairs.size
