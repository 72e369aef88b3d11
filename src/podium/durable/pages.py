"""Keeps the resident memory of a process small while it reads or writes a large memory map.

Pages of a mapped file that were touched count as the process's memory until the system needs them elsewhere. They are
released from time to time; the file cache of the system keeps them, so that touching them again is fast.
"""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE_PASS_BYTES", "PageBudget", "release_pages"]

ONE_PASS_BYTES = 64 * 1024**2
"""A budget for who reads everything once, in order; whoever comes back to it soon is better off with more."""
_BUDGET_BYTES = 256 * 1024**2
_AROUND_BYTES = 2 * 1024**2
"""Linux may map so much around a page that is touched, where the file cache holds it in one piece; 64 KiB elsewhere."""


def release_pages(array: NDArray[Any]) -> None:
    """Hand the touched pages of a mapped array back to the system; nothing for other arrays.

    What was written to a shared map stays written. A private map (mode "c"), whose changes would be lost, is left
    alone.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap) and base.mode == "c":
            return
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


class PageBudget:
    """Counts the bytes read from a read-only map and hands its pages back when they are many.

    Args:
        array: The map; nothing is done for any other array, one that can be written, or one within the budget.
        n_bytes: Bytes after which the pages are released.
    """

    def __init__(self, array: NDArray[Any], n_bytes: int = _BUDGET_BYTES) -> None:
        self._array = array
        self._n_bytes = n_bytes
        self._n_read = 0
        self._is_needed = array.nbytes > n_bytes and not array.flags.writeable
        self._lock = threading.Lock()

    def count(self, n_bytes: int, n_places: int = 0) -> None:
        """Note that `n_bytes` were read, from so many places that do not follow each other."""
        if not self._is_needed:
            return
        with self._lock:
            self._n_read += n_bytes + n_places * _AROUND_BYTES
            if self._n_read < self._n_bytes:
                return
            self._n_read = 0
        release_pages(self._array)
