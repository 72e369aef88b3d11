"""Masks under which any two 64-bit words within a Hamming distance agree at least once.

Masks for distance r come from words of r + 1 bits, one for each bit of the hash: mask v keeps the bits whose word has
an odd number of ones in common with v. Two hashes that differ in r bits or fewer name r words at most, and r linear
equations in r + 1 unknowns have a solution v besides 0: that mask leaves out every bit in which the two differ. There
are 2^(r+1) - 1 masks, each of which keeps half of the bits.

A large distance is divided first. Where p parts of the bits are to cover r_1 to r_p with (r_1 + 1) + ... + (r_p + 1)
one more than the distance, some part differs in no more than its share (pigeonhole).
"""

from __future__ import annotations

from math import log2

import numpy as np
from numpy.typing import NDArray

__all__ = ["BITS", "choose_parts", "covering_masks"]

BITS = 64
_LARGEST_SHARE = 10
# Nanoseconds, one core, 2026-11: a row under a mask is hashed, sorted and gathered; two rows that agree are compared.
_ROW_NS = 30.0
_PAIR_NS = 6.0
_CALL_NS = 50_000.0


def covering_masks(max_distance: int, n_parts: int) -> NDArray[np.uint64]:
    """Masks such that two words differing in at most `max_distance` bits agree under one of them, shape (M,).

    Args:
        max_distance: Number of differing bits, 0 to 63.
        n_parts: Parts that the bits are divided into, at most `max_distance` + 1; 0 gives the mask that keeps nothing.

    Example:
        >>> [f"{mask:016x}" for mask in covering_masks(1, 2).tolist()]
        ['5555555555555555', 'aaaaaaaaaaaaaaaa']

    Source:
        Pagh 2016, "Locality-sensitive Hashing without False Negatives"; the parts as in Norouzi, Punjani, Fleet 2012.
    """
    if n_parts == 0:
        return np.zeros(1, dtype=np.uint64)
    masks = []
    for part, share in enumerate(_divide(max_distance, n_parts)):
        bits = np.arange(part, BITS, n_parts, dtype=np.uint64)  # neighbouring bits of a hash go together, so mix them
        is_kept = _balanced_masks(len(bits), share)
        masks.append(np.bitwise_or.reduce(is_kept.astype(np.uint64) << bits, axis=1))
    return np.unique(np.concatenate(masks))


def choose_parts(n_rows: int, max_distance: int) -> int:
    """The number of parts with the least expected work on random hashes; 0 compares all with all."""

    def cost(n_parts: int) -> float:
        if n_parts == 0:
            return _PAIR_NS * n_rows**2 / 2 + _CALL_NS * n_rows
        total = 0.0
        for share in _divide(max_distance, n_parts):
            n_masks = 2 ** (share + 1) - 1
            n_kept = BITS / n_parts * 2**share / n_masks
            n_pairs = n_rows**2 / 2 * 2.0**-n_kept
            n_steps = min(n_rows, n_rows * 2.0**-n_kept + log2(n_rows + 1))  # one for each row of the largest bucket
            total += n_masks * (_ROW_NS * n_rows + _PAIR_NS * n_pairs + _CALL_NS * n_steps)
        return total

    possible = [n for n in range(1, max_distance + 2) if max(_divide(max_distance, n)) <= _LARGEST_SHARE]
    return min([0, *possible], key=cost)


def _divide(max_distance: int, n_parts: int) -> list[int]:
    """The distance that each part covers."""
    whole, rest = divmod(max_distance + 1, n_parts)
    return [whole - 1 + (part < rest) for part in range(n_parts)]


def _balanced_masks(n_bits: int, distance: int) -> NDArray[np.bool_]:
    """Which bits each mask keeps, shape (2^(distance+1) - 1, n_bits).

    The words are chosen one by one so that the masks keep about equally many bits: a mask that keeps few brings the
    most pairs together, two to the power of what it lacks.
    """
    words = np.arange(1, 2 ** (distance + 1))
    is_odd = np.bitwise_count(words[:, None] & words[None, :]) % 2 == 1
    weight = np.ones(len(words))  # 2^-(bits kept so far)
    is_kept = np.empty((len(words), n_bits), dtype=bool)
    odd = is_odd.astype(np.float64)
    for bit in range(n_bits):
        is_kept[:, bit] = is_odd[:, int(np.argmax(odd @ weight))]
        weight[is_kept[:, bit]] /= 2
    return is_kept
