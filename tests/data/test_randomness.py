from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from podium.data.randomness import hash_uint64, sample_keys, uniforms

KEYS = sample_keys([f"folder/{i}.jpg" for i in range(20_000)])


def slow_uniform(seed: int, epoch: int, key: int, stream: int, position: int) -> float:
    """One number with Python's own integers."""
    mask, golden = 2**64 - 1, 0x9E3779B97F4A7C15

    def mix(z: int) -> int:
        z &= mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    base = 0
    for part in (seed, epoch, stream):
        base = mix((base ^ part) + golden)
    return (mix(mix(key ^ base) + (position + 1) * golden) >> 11) / 2**53


def test_mixing_function_is_the_published_one() -> None:
    # First outputs of SplitMix64 from state 1234567 (Vigna's reference implementation).
    from podium.data.randomness import _GOLDEN, _mix

    states = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * np.uint64(_GOLDEN)
    assert _mix(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.slow
@given(st.integers(0, 2**63), st.integers(0, 10**6), st.integers(0, 2**64 - 1), st.integers(0, 2**20))
def test_equal_to_python_integers(seed: int, epoch: int, key: int, stream: int) -> None:
    got = uniforms(seed, epoch, np.array([key], dtype=np.uint64), stream, 3)[0]
    assert got.tolist() == [slow_uniform(seed, epoch, key, stream, i) for i in range(3)]


@given(st.permutations(range(8)), st.integers(1, 8))
def test_independent_of_batch_and_place(order: list[int], n: int) -> None:
    whole = uniforms(3, 5, KEYS[:8], 2, 9)
    assert np.array_equal(uniforms(3, 5, KEYS[:8][order][:n], 2, 4), whole[order][:n, :4])


def test_uniform_on_the_unit_interval() -> None:
    values = uniforms(0, 0, KEYS, 1, 8)
    assert values.min() >= 0
    assert values.max() < 1
    assert stats.kstest(values.ravel(), "uniform").pvalue > 1e-4
    counts = np.bincount((values.ravel() * 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_small_consecutive_keys_are_as_good() -> None:
    values = uniforms(0, 0, np.arange(20_000, dtype=np.uint64), 0, 4)
    assert stats.kstest(values.ravel(), "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(values[:-1, 0], values[1:, 0])[0, 1]) < 0.04


def test_independent_across_seed_epoch_stream_and_position() -> None:
    draws = [uniforms(seed, epoch, KEYS, stream, 2) for seed in (0, 1) for epoch in (0, 1) for stream in (0, 1)]
    columns = np.concatenate(draws, axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    # 5 standard errors of a correlation of independent samples.
    assert np.abs(correlation).max() < 5 / np.sqrt(len(KEYS))
    # Pairs fill the square evenly, which equal marginals and zero correlation would not show.
    cells = (columns[:, 0] * 8).astype(int) * 8 + (columns[:, 2] * 8).astype(int)
    assert stats.chisquare(np.bincount(cells, minlength=64)).pvalue > 1e-4


def test_every_input_bit_flips_half_the_output_bits() -> None:
    plain = hash_uint64(7, 7, KEYS[:500], 7)[:, 0]
    for bit in range(64):
        flipped = hash_uint64(7, 7, KEYS[:500] ^ np.uint64(1 << bit), 7)[:, 0]
        assert abs(np.bitwise_count(plain ^ flipped).mean() - 32) < 1.0


def test_seed_epoch_stream_do_not_stand_in_for_each_other() -> None:
    assert len({uniforms(a, b, KEYS[:1], c, 1)[0, 0] for a in range(5) for b in range(5) for c in range(5)}) == 125


def test_negative_seed_is_as_good_as_any() -> None:
    assert 0 <= uniforms(-1, 0, KEYS[:1], 0, 1)[0, 0] < 1


def test_keys_of_ids() -> None:
    ids = ["a/1.jpg", "a/2.jpg", "한글/é.jpg", "bad\udcff.jpg", ""]
    keys = sample_keys(ids)
    assert keys.dtype == np.uint64
    assert len(set(keys.tolist())) == 5
    assert np.array_equal(sample_keys(ids[::-1]), keys[::-1])
    assert len(sample_keys([])) == 0
