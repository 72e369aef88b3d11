"""Random numbers that are pure functions of (seed, epoch, key, stream).

Nothing is drawn from a generator that moves on, so a number does not depend on which batch a sample is in, how many
threads work, or whether the run was interrupted. That makes an exact resume free.

Source:
    Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3" for the idea of counters; the mixing function is
    that of SplitMix64, Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["hash_uint64", "sample_keys", "uniforms"]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


def sample_keys(ids: Iterable[str]) -> NDArray[np.uint64]:
    """A 64-bit key for every sample id, the same on every machine.

    Args:
        ids: Sample ids, N of them.

    Returns:
        Shape (N,). Two of a million ids share a key with a chance of 3e-8, which only means that their augmentation
        is drawn alike.

    Example:
        >>> len(set(sample_keys(["a.jpg", "b.jpg", "a.jpg"]).tolist()))
        2
    """
    digests = b"".join(hashlib.blake2b(i.encode("utf-8", "surrogatepass"), digest_size=8).digest() for i in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def hash_uint64(
    seed: int, epoch: int, keys: NDArray[np.integer[Any]], stream: int = 0, n: int = 1
) -> NDArray[np.uint64]:
    """`n` hashes for each key, shape (B, n), uniform over all 64-bit numbers. Arguments as in `uniforms`."""
    base = 0
    for part in (seed, epoch, stream):
        base = _mix_integer((base ^ (part & _MASK)) + _GOLDEN)
    start = _mix(np.asarray(keys).astype(np.uint64) ^ np.uint64(base))
    steps = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    return _mix(start[:, None] + steps[None, :])


def uniforms(seed: int, epoch: int, keys: NDArray[np.integer[Any]], stream: int, n: int) -> NDArray[np.float64]:
    """`n` independent uniform numbers for each key.

    Args:
        seed: Seed of the run.
        epoch: Epoch, from 0.
        keys: One key a sample, shape (B,), as `sample_keys` gives.
        stream: What the numbers are for; two streams of one sample are independent.
        n: Numbers wanted a sample.

    Returns:
        Shape (B, n), each in [0, 1), a multiple of 2**-53. The first numbers do not depend on `n`.

    Example:
        >>> keys = sample_keys(["a.jpg", "b.jpg"])
        >>> bool((uniforms(0, 3, keys[1:], 7, 2) == uniforms(0, 3, keys, 7, 5)[1:, :2]).all())
        True
    """
    return (hash_uint64(seed, epoch, keys, stream, n) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix_integer(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The same function on arrays; unsigned array arithmetic wraps by definition."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
