"""All pairs of 64-bit hashes within a Hamming distance: exact, and without comparing all with all.

Under the masks of `covering.py` any two close hashes agree at least once. So it is enough to sort the hashes under each
mask and to compare those that lie together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.twins.covering import choose_parts, covering_masks

__all__ = ["find_close_pairs"]

_Rows = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The rows of pairs: the first of each, and the second."""
_CHUNK = 100_000
_DENSE = 6  # two rows that are looked up take as long as six that lie side by side
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HIGH = np.uint64(0xFFFFFFFF00000000)


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
        Pagh 2016, "Locality-sensitive Hashing without False Negatives".
    """
    if not 0 <= max_distance < 32:
        raise UsageError(f"max_distance must be in [0, 31] bits of 64, got {max_distance}.")
    hashes = np.ascontiguousarray(hashes).view(np.uint64)
    n_rows = len(hashes)
    codes = [np.empty(0, dtype=np.int64)]
    n_found = 0
    for first, second in _meet(hashes, max_distance, choose_parts(n_rows, max_distance)):
        low, high = np.minimum(first, second), np.maximum(first, second)
        if side is not None:
            is_other = side[low] != side[high]
            low, high = low[is_other], high[is_other]
        if confirm is not None and len(low):
            is_real = confirm(low, high)
            low, high = low[is_real], high[is_real]
        codes.append(low * n_rows + high)
        n_found += len(low)
        if n_found > limit:
            break
    found = np.sort(np.concatenate(codes))
    pairs = np.stack(np.divmod(found[:limit], max(n_rows, 1)), axis=1)
    distance = np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]]).astype(np.int64)
    return pairs, distance, n_found > limit


def _meet(hashes: NDArray[np.uint64], max_distance: int, n_parts: int) -> Iterator[_Rows]:
    """Chunks of close pairs of rows (first, second), each pair once."""
    masks = covering_masks(max_distance, n_parts)
    for place, mask in enumerate(masks):
        pending: list[_Rows] = []
        n_pending = 0
        for first, second in _close_under(hashes, mask, max_distance):
            differing = hashes[first] ^ hashes[second]
            is_new = (differing & mask) == 0  # not only by chance, and not under an earlier mask already
            for earlier in masks[:place]:
                is_new &= (differing & earlier) != 0
            pending.append((first[is_new], second[is_new]))
            n_pending += len(pending[-1][0])
            if n_pending > _CHUNK:
                yield _join(pending)
                pending, n_pending = [], 0
        yield _join(pending)


def _join(chunks: list[_Rows]) -> _Rows:
    if not chunks:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate([first for first, _ in chunks]), np.concatenate([second for _, second in chunks])


def _close_under(hashes: NDArray[np.uint64], mask: np.uint64, max_distance: int) -> Iterator[_Rows]:
    """Close pairs of rows that agree under a mask, and maybe others."""
    n_rows = len(hashes)
    # Sorting the row's number along with 32 bits of its key is several times faster than sorting rows by their keys.
    packed = ((hashes & mask) * _SPREAD) & _HIGH | np.arange(n_rows, dtype=np.uint64)
    packed.sort()
    order = (packed & ~_HIGH).astype(np.int64)
    key = packed >> np.uint64(32)
    end = np.append(np.flatnonzero(key[1:] != key[:-1]) + 1, n_rows)
    n_later = np.repeat(end, np.diff(end, prepend=0)) - np.arange(n_rows) - 1  # rows of the same key that follow
    ordered = hashes[order]
    n_pairs = np.cumsum(np.bincount(n_later)[::-1])[::-1]  # pairs of one key that lie so many steps apart
    n_dense = int((n_pairs[1:] * _DENSE > n_rows).sum())
    for step in range(1, n_dense + 1):  # whole arrays, though some pairs do not agree: no row has to be looked up
        close = np.flatnonzero(np.bitwise_count(ordered[step:] ^ ordered[:-step]) <= max_distance)
        yield order[close], order[close + step]
    rows, step = np.flatnonzero(n_later > n_dense), n_dense + 1
    while len(rows):
        close = rows[np.bitwise_count(ordered[rows] ^ ordered[rows + step]) <= max_distance]
        yield order[close], order[close + step]
        step += 1
        rows = rows[n_later[rows] >= step]
