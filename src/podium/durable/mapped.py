"""Arrays larger than memory in a file: the space is reserved at once, the size is checked before mapping.

A sparse file on a disk that fills up, or a file shorter than its array, ends the process with SIGBUS at some later
access. Both are errors here, before the first access.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from podium.durable.atomic import sync_file
from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder, remove_file
from podium.errors import CorruptFileError
from podium.listing import count_of

__all__ = ["RowFile", "create_mapped", "open_mapped", "sync_mapped"]

_NOT_SUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})


def create_mapped(path: str | Path, shape: tuple[int, ...], dtype: DTypeLike) -> np.memmap[Any, np.dtype[Any]]:
    """A new array of zeros in a file, its disk space reserved; a file of that name is replaced.

    The content is durable after `sync_mapped` only. Write it under a name of its own and add a manifest when it is
    complete.

    Args:
        path: File to make, with its folder.
        shape: Shape of the array, at least one element.
        dtype: Type of the elements; not Python objects.

    Returns:
        The writable map.

    Raises:
        StorageError: If the disk refuses or has not enough space; tells the bytes needed and free. No file is left.
        ValueError: If the array has no elements.
    """
    path = Path(path)
    n_bytes = _count_bytes(shape, dtype)
    make_folder(path.parent)
    remove_file(path)
    with explaining_failures(path, needed=n_bytes):
        descriptor = current_backend().create(path)
        try:
            _reserve(descriptor, path, n_bytes)
            current_backend().fsync(descriptor)
            current_backend().fsync_dir(path.parent)
        except BaseException:
            with suppress(OSError):
                current_backend().unlink(path)
            raise
        finally:
            os.close(descriptor)
        return np.memmap(path, dtype=dtype, mode="r+", shape=shape)


def open_mapped(
    path: str | Path, shape: tuple[int, ...], dtype: DTypeLike, mode: Literal["r", "r+", "c"] = "r"
) -> np.memmap[Any, np.dtype[Any]]:
    """The array in a file made by `create_mapped`.

    Args:
        path: The file.
        shape: Shape it was made with.
        dtype: Type it was made with.
        mode: "r" to read, "r+" to write to the file, "c" to write to memory only.

    Raises:
        StorageError: If the file is missing or cannot be read, or is a link that is to be written to.
        CorruptFileError: If its size is not that of the array.
    """
    path = Path(path)
    n_bytes = _count_bytes(shape, dtype)
    with explaining_failures(path):
        found = path.stat().st_size
        if found != n_bytes:
            raise CorruptFileError(
                f"this file has {found:,} bytes, an array of {shape} {np.dtype(dtype)} has {n_bytes:,}.", where=path
            )
        if mode == "r+":
            os.close(current_backend().edit(path))  # refuses links, through which the map would write
        return np.memmap(path, dtype=dtype, mode=mode, shape=shape)


def sync_mapped(array: np.memmap[Any, np.dtype[Any]]) -> None:
    """Wait until what was written to a map is on the disk.

    Raises:
        StorageError: If the disk refuses.
    """
    path = Path(str(array.filename))
    with explaining_failures(path):
        array.flush()
    sync_file(path)


class RowFile:
    """Writes whole rows of an array in a file, from any process or thread, without mapping it.

    Rows are independent: whoever writes one need not know of the others. What was written is durable after `sync_file`,
    whichever process wrote it.

    Args:
        path: A file made by `create_mapped`.
        n_rows: Length of the array's first axis.
        row_bytes: Bytes of a row.

    Raises:
        StorageError: If the file is missing or cannot be written.
        CorruptFileError: If its size is not that of the array.
    """

    def __init__(self, path: str | Path, n_rows: int, row_bytes: int) -> None:
        self.path = Path(path)
        self.n_rows = n_rows
        self.row_bytes = row_bytes
        self._lock = threading.Lock()
        with explaining_failures(self.path):
            found = self.path.stat().st_size
            if found != n_rows * row_bytes:
                raise CorruptFileError(
                    f"this file has {found:,} bytes, {count_of(n_rows, 'row has', 'rows have')}"
                    f" {n_rows * row_bytes:,}.",
                    where=self.path,
                )
            self._descriptor = current_backend().edit(self.path)

    def write(self, row: int, data: bytes | memoryview) -> None:
        """Write one row.

        Raises:
            StorageError: If the disk refuses.
            ValueError: If there is no such row, or the data are not one row long.
        """
        view = memoryview(data)
        if not 0 <= row < self.n_rows or view.nbytes != self.row_bytes:
            raise ValueError(f"row {row} of {self.n_rows}, {view.nbytes} bytes: a row has {self.row_bytes}")
        at = row * self.row_bytes
        with explaining_failures(self.path):
            while view:
                n_written = self._write_at(at, view)
                at, view = at + n_written, view[n_written:]

    def close(self) -> None:
        """Give the file descriptor back."""
        os.close(self._descriptor)

    def _write_at(self, at: int, view: memoryview) -> int:
        current_backend().before("write")
        if hasattr(os, "pwrite"):
            return os.pwrite(self._descriptor, view, at)
        with self._lock:  # Windows: place and write are two calls
            os.lseek(self._descriptor, at, os.SEEK_SET)
            return os.write(self._descriptor, view)


def _count_bytes(shape: tuple[int, ...], dtype: DTypeLike) -> int:
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if n_bytes <= 0 or min(shape) < 0:
        raise ValueError(f"an array in a file needs at least one element, got shape {shape}")
    if np.dtype(dtype).hasobject:
        raise ValueError("an array in a file cannot hold Python objects")
    return n_bytes


def _reserve(descriptor: int, path: Path, n_bytes: int) -> None:
    # Looked at first: a reservation that does not fit takes every block of the disk before it fails, and meanwhile
    # whoever else writes to it is told that it is full.
    disk = shutil.disk_usage(path.parent)
    if disk.total and disk.free < n_bytes:  # some network drives say nothing of their size
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    try:
        current_backend().allocate(descriptor, n_bytes)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        current_backend().truncate(descriptor, n_bytes)
