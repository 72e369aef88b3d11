"""All pairs of 64-bit hashes within a Hamming distance: exact, and without comparing all with all.

Two hashes within distance d, cut into m bands, agree within floor(d / m) bits in at least one band (pigeonhole). So it
is enough to look, band by band, at the hashes whose band differs by that little: a join over sorted band values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError

__all__ = ["find_close_pairs"]

_BITS = 64
_CHUNK = 4_000_000
_WIDEST_BAND = 22


def find_close_pairs(
    hashes: NDArray[np.uint64],
    max_distance: int,
    *,
    side: NDArray[np.integer] | None = None,
    confirm: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    limit: int = 5_000_000,
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Every pair of rows whose hashes differ in at most `max_distance` bits.

    Give distinct hashes where you can: a thousand equal ones are half a million pairs. No pair is missed unless the
    limit is hit.

    Args:
        hashes: Hashes, shape (N,).
        max_distance: Largest number of differing bits, 0 to 31.
        side: Rows of equal side are not paired, shape (N,); None pairs all.
        confirm: Asked of close pairs, two row arrays of shape (M,); pairs it denies are left out.
        limit: Stop once more pairs than this are found.

    Returns:
        Rows of each pair, lower first, sorted, shape (M, 2); their distances, shape (M,); and whether the limit was
        hit, so that pairs may be missing.

    Raises:
        UsageError: If `max_distance` is out of range.

    Example:
        >>> pairs, distance, is_cut = find_close_pairs(np.array([0b0000, 0b0011, 0b1111], np.uint64), 2)
        >>> pairs.tolist(), distance.tolist()
        ([[0, 1], [1, 2]], [2, 2])

    Source:
        Norouzi, Punjani, Fleet 2012, "Fast Search in Hamming Space with Multi-Index Hashing".
    """
    if not 0 <= max_distance < 32:
        raise UsageError(f"max_distance must lie in [0, 31] bits of 64, got {max_distance}.")
    hashes = np.ascontiguousarray(hashes).view(np.uint64)
    n_rows = len(hashes)
    found = np.empty(0, dtype=np.int64)
    pending: list[NDArray[np.int64]] = []
    n_pending = 0
    for first, second in _candidates(hashes, max_distance):
        is_close = np.bitwise_count(hashes[first] ^ hashes[second]) <= max_distance
        if side is not None:
            is_close &= side[first] != side[second]
        low, high = np.minimum(first, second)[is_close], np.maximum(first, second)[is_close]
        if confirm is not None and len(low):
            is_real = confirm(low, high)
            low, high = low[is_real], high[is_real]
        pending.append(low * n_rows + high)
        n_pending += len(low)
        if n_pending > limit:
            found, pending, n_pending = np.unique(np.concatenate([found, *pending])), [], 0
            if len(found) > limit:
                break
    found = np.unique(np.concatenate([found, *pending]))
    is_cut = len(found) > limit
    pairs = np.stack(np.divmod(found[:limit], max(n_rows, 1)), axis=1)
    distance = np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]]).astype(np.int64)
    return pairs, distance, is_cut


def _candidates(hashes: NDArray[np.uint64], max_distance: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Chunks of row pairs (first, second), among them every close one, each maybe several times."""
    n_bands = _choose_bands(len(hashes), max_distance)
    edges = [_BITS * band // n_bands for band in range(n_bands + 1)]
    for low, high in pairwise(edges):
        width = high - low
        key = ((hashes >> np.uint64(low)) & np.uint64((1 << width) - 1)).astype(np.int64)
        order = np.argsort(key, kind="stable")
        sorted_key = key[order]
        start_of = np.searchsorted(sorted_key, np.arange((1 << width) + 1))
        for n_flips in range(max_distance // n_bands + 1):
            for bits in combinations(range(width), n_flips):
                yield from _join(sorted_key, order, start_of, sum(1 << bit for bit in bits))


def _join(
    sorted_key: NDArray[np.int64], order: NDArray[np.int64], start_of: NDArray[np.int64], mask: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of rows whose keys differ by exactly the mask, each once, in chunks."""
    partner = sorted_key ^ mask
    begin, end = start_of[partner], start_of[partner + 1]
    if mask == 0:
        begin = np.arange(1, len(sorted_key) + 1)  # only later rows of the same bucket
    else:
        end = np.where(partner > sorted_key, end, begin)
    n_partners = end - begin
    total = np.cumsum(n_partners)
    row = 0
    while row < len(sorted_key):
        done = total[row - 1] if row else 0
        stop = max(row + 1, int(np.searchsorted(total, done + _CHUNK, side="right")))
        lengths = n_partners[row:stop]
        first = np.repeat(np.arange(row, stop), lengths)
        offset = np.arange(len(first)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        second = np.repeat(begin[row:stop], lengths) + offset
        yield order[first], order[second]
        row = stop


def _choose_bands(n_rows: int, max_distance: int) -> int:
    """The number of bands with the least expected work on random hashes.

    A lookup costs about 20 ns and a candidate pair 15 ns (100k and 1M hashes, one core), each pair being met once;
    the table of band values is counted as a lookup an entry.
    """
    fewest = -(-_BITS // _WIDEST_BAND)

    def cost(n_bands: int) -> float:
        width = _BITS / n_bands
        n_masks = sum(comb(int(width + 0.99), flips) for flips in range(max_distance // n_bands + 1))
        return n_bands * (2**width + n_masks * n_rows * (1.0 + 0.4 * n_rows / 2**width))

    return min(range(fewest, max(fewest, max_distance + 1) + 1), key=cost)
