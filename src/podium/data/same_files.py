"""Whether a cache holds the pixels of these very files: by their stamps where those agree, else by their content."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.file_stamps import FileStamps, load_stamps, read_stamps, save_stamps
from podium.data.image_cache import STAMPS_NAME, ImageCache
from podium.durable import sha256_file
from podium.errors import StorageError
from podium.images import decode_many
from podium.tables import Samples

__all__ = ["changed_files", "is_of_files"]

_AT_ONCE = 256
_N_READERS = 8


def is_of_files(
    cache: ImageCache,
    samples: Samples,
    stamps: FileStamps,
    *,
    decoding: dict[str, Any],
    between: Callable[[], None] = lambda: None,
) -> bool:
    """Whether every row of a cache is made of the file that its sample names now.

    Files whose stamp is another one than that of the file that was decoded are read and their SHA-256 compared, so a
    data set that was copied, touched or unpacked again keeps its cache, and one that was replaced never does. What
    was found to be the same is remembered beside the cache.

    Args:
        cache: A cache of the same ids, in the same order.
        samples: The images.
        stamps: Their stamps, taken just now.
        decoding: How to decode files that could not be decoded then.
        between: Called between some files and the next; what it raises ends the comparison.
    """
    path = cache.folder / STAMPS_NAME
    known = load_stamps(path, len(samples))
    rows = np.flatnonzero((known != stamps.values).any(axis=1))
    if not len(rows):
        return True
    usable, failed = rows[cache.is_usable[rows]], rows[~cache.is_usable[rows]]
    if (cache.facts.n_bytes[usable] != stamps.values[usable, 0]).any():
        return False
    if not _have_digests(cache, samples, usable, between) or not _fail_alike(cache, samples, failed, decoding):
        return False
    with suppress(StorageError):  # a cache that cannot be written serves as well; its files are read the next time too
        save_stamps(path, stamps)
    return True


def changed_files(cache: ImageCache, samples: Samples) -> NDArray[np.int64]:
    """Rows of samples whose file is another one now than that a cache's pixels were made of; missing files are not.

    Only files of the same size with another stamp are read, and remembered where they are the same.

    Args:
        cache: A cache with these samples among its rows, all of them decoded.
        samples: The images.
    """
    rows, stamps, path = cache.rows_of(samples.ids), read_stamps(samples), cache.folder / STAMPS_NAME
    known = load_stamps(path, len(cache.ids))
    is_there = stamps.values[:, 0] >= 0
    is_other_size = is_there & (cache.facts.n_bytes[rows] != stamps.values[:, 0])
    doubtful = np.flatnonzero(is_there & ~is_other_size & (known[rows] != stamps.values).any(axis=1))
    with ThreadPoolExecutor(_N_READERS, thread_name_prefix="podium-compare") as pool:
        digests = np.array(list(pool.map(lambda row: _digest(samples, int(row)), doubtful)), dtype=object)
    is_same = digests == cache.facts.sha256[rows[doubtful]]
    if is_same.any():
        known[rows[doubtful[is_same]]] = stamps.kept[doubtful[is_same]]
        with suppress(StorageError):
            save_stamps(path, FileStamps(known, known))
    return np.union1d(np.flatnonzero(is_other_size), doubtful[~is_same])


def _have_digests(cache: ImageCache, samples: Samples, rows: NDArray[np.int64], between: Callable[[], None]) -> bool:
    with ThreadPoolExecutor(_N_READERS, thread_name_prefix="podium-compare") as pool:
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            between()
            if list(pool.map(lambda row: _digest(samples, int(row)), some)) != cache.facts.sha256[some].tolist():
                return False
    return True


def _digest(samples: Samples, row: int) -> str:
    try:
        return sha256_file(samples.file(row))
    except StorageError:
        return ""


def _fail_alike(cache: ImageCache, samples: Samples, rows: NDArray[np.int64], decoding: dict[str, Any]) -> bool:
    """Whether files that could not be decoded cannot be decoded now, in the same way: nobody knows their SHA-256."""
    files = [samples.file(int(row)) for row in rows]
    outcomes = [result.outcome.value for _, result in decode_many(files, size=(8, 8), with_pixels=False, **decoding)]
    return bool(outcomes == cache.facts.outcome[rows].tolist())
