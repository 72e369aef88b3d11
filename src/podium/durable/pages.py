"""Keeps the resident memory of a process small while it reads or writes a large memory map.

Pages of a mapped file that were touched count as the process's memory until the system needs them elsewhere. They are
handed back from time to time; the file cache of the system keeps them, so that touching them again is quick.
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
        array: The map; any other array, or one that can be written, is only counted.
        n_bytes: Bytes after which the pages are handed back.
    """

    def __init__(self, array: NDArray[Any], n_bytes: int = _BUDGET_BYTES) -> None:
        self._array = array
        self._n_bytes = n_bytes
        self._n_read = 0
        self._lock = threading.Lock()

    def count(self, n_bytes: int) -> None:
        """Note that `n_bytes` were read."""
        with self._lock:
            self._n_read += n_bytes
            if self._n_read < self._n_bytes:
                return
            self._n_read = 0
        if not self._array.flags.writeable:
            release_pages(self._array)
