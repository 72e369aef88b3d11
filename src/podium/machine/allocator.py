"""Memory that stays with the process between two forward passes, and goes back to the system between two stages."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory", "return_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 2**30


def keep_freed_memory() -> bool:
    """Ask glibc to keep freed blocks instead of giving them back to the kernel; gives whether it agreed.

    Each layer's output is a block of many megabytes. By default it is mapped anew, page by page, and unmapped again:
    on 2 cores that took more time than the arithmetic (EfficientNet-Lite0, 160 px, batch 64: 138 images/s before, 358
    after, November 2026). Peak memory is the same.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, such as musl
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _LARGEST))


def return_freed_memory() -> bool:
    """Give the kernel what is free now, at the end of a stage whose memory the next one does not need.

    Returns:
        Whether there was something. A leak check of 8,000 images left 400 MB behind; giving them back takes some
        milliseconds.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return False
    return bool(trim(0))
