"""The end of a file of lines that a killed process, of this package or another one, left half written."""

from __future__ import annotations

import os
from pathlib import Path

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures

__all__ = ["cut_torn_line"]

_BLOCK = 1 << 16


def cut_torn_line(path: str | Path) -> bool:
    """Cut what follows the last line end; gives whether there was anything. Hold the lock of whoever appends.

    A next line would else be joined to it, and both be lost.

    Args:
        path: A file whose whole lines end with "\\n"; it need not exist.

    Raises:
        StorageError: If the disk refuses.
    """
    path = Path(path)
    with explaining_failures(path):
        if not path.is_file() or not (size := path.stat().st_size):
            return False
        descriptor = current_backend().edit(path)
        try:
            end = _end_of_lines(descriptor, size)
            if end == size:
                return False
            current_backend().truncate(descriptor, end)
            current_backend().fsync(descriptor)
        finally:
            os.close(descriptor)
    return True


def _end_of_lines(descriptor: int, size: int) -> int:
    """Bytes up to the last line end, itself included."""
    stop = size
    while stop:
        start = max(0, stop - _BLOCK)
        os.lseek(descriptor, start, os.SEEK_SET)
        place = os.read(descriptor, stop - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        stop = start
    return 0
