"""Whether the pieces of a large array in a file are still what was written, at the speed of memory.

A map of a damaged file reads without an error, so whoever uses derived data compares their checksums first: once per
process, and again when the file has changed.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.durable.pages import ONE_PASS_BYTES, PageBudget

__all__ = ["SETTLED_NS", "find_damaged_pieces", "is_known_sound", "remember_sound"]

SETTLED_NS = 2 * 10**9
"""A file that changed less than this before it was read may change again without a new time: file systems count in
steps of up to two seconds."""
_N_THREADS = 4
_AT_ONCE_BYTES = 4 * 1024**2

_sound: dict[str, tuple[int, ...]] = {}


def find_damaged_pieces(
    array: NDArray[Any], pieces: Sequence[Any], crc32: Sequence[int] | NDArray[np.uint32]
) -> NDArray[np.int64]:
    """Which pieces of an array are not what was written. Reads all of them; a map's pages are handed back.

    Args:
        array: The array, a memory map as a rule.
        pieces: What to index the array with for each piece; each piece is contiguous.
        crc32: CRC-32 of each piece when it was written.

    Returns:
        Numbers of the damaged pieces, in order.

    Example:
        >>> rows = np.arange(6, dtype=np.uint8).reshape(2, 3)
        >>> find_damaged_pieces(rows, [0, 1], [zlib.crc32(bytes([0, 1, 2])), 7]).tolist()
        [1]
    """
    if not len(pieces):
        return np.zeros(0, dtype=np.int64)
    pages = PageBudget(array, ONE_PASS_BYTES)
    n_at_once = max(1, _AT_ONCE_BYTES // max(1, array[pieces[0]].nbytes))

    def find(start: int) -> list[int]:
        damaged = []
        for number in range(start, min(start + n_at_once, len(pieces))):
            piece = array[pieces[number]]
            if zlib.crc32(piece) != crc32[number]:
                damaged.append(number)
            pages.count(piece.nbytes)
        return damaged

    starts = range(0, len(pieces), n_at_once)
    if len(starts) == 1:
        return np.array(find(0), dtype=np.int64)
    with ThreadPoolExecutor(min(_N_THREADS, len(starts)), thread_name_prefix="podium-check") as pool:
        return np.array([number for some in pool.map(find, starts) for number in some], dtype=np.int64)


def is_known_sound(path: Path) -> bool:
    """Whether this process has checked the file and it has not changed since."""
    return _sound.get(os.fspath(path)) == _identity(path)


def remember_sound(path: Path) -> None:
    """Note that a file was checked and found sound; nothing is noted of one that changed just now."""
    identity = _identity(path)
    if time.time_ns() - max(identity[-2:]) > SETTLED_NS:
        _sound[os.fspath(path)] = identity


def _identity(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
