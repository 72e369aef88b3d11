"""Masks that leave out any few bits: proven for small words by trying all, for 64 bits by trying many."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.twins.covering import _balanced_masks, choose_parts, covering_masks


@pytest.mark.parametrize(("n_bits", "distance"), [(6, 0), (6, 1), (7, 2), (9, 3), (12, 4), (11, 5)])
def test_any_few_bits_are_left_out_by_some_mask(n_bits: int, distance: int) -> None:
    is_kept = _balanced_masks(n_bits, distance)
    assert len(is_kept) == 2 ** (distance + 1) - 1
    for bits in combinations(range(n_bits), distance):
        assert (~is_kept[:, bits].any(axis=1)).any(), bits


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.integers(0, 31), st.integers(1, 32), st.integers(0, 2**32))
def test_two_hashes_within_the_distance_agree_under_a_mask(max_distance: int, n_parts: int, seed: int) -> None:
    n_parts = min(max(n_parts, -(-(max_distance + 1) // 8)), max_distance + 1)
    masks = covering_masks(max_distance, n_parts)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        bits = rng.choice(64, max_distance, replace=False).astype(np.uint64)
        differing = np.bitwise_or.reduce(np.uint64(1) << bits, initial=np.uint64(0))
        assert ((masks & differing) == 0).any()


@pytest.mark.parametrize(("max_distance", "n_parts"), [(4, 1), (4, 2), (10, 2)])
def test_the_masks_keep_about_equally_many_bits(max_distance: int, n_parts: int) -> None:
    """The best that 32 bits can give for distance 5 is 16 kept bits under 62 masks: the Reed-Muller code RM(1, 5)."""
    kept = np.bitwise_count(covering_masks(max_distance, n_parts)).astype(np.int64)
    assert (0.5**kept).sum() < 1.5 * len(kept) * 2.0 ** -(64 // n_parts // 2)
    assert kept.min() >= 64 // n_parts // 2 - 2


def test_few_rows_are_compared_all_with_all_and_many_in_parts() -> None:
    assert choose_parts(10, 10) == 0
    assert choose_parts(1_000_000, 10) == 2
    assert all(0 <= choose_parts(n, d) <= d + 1 for n in (0, 1, 100, 10**5, 10**7) for d in range(32))
