"""What a file system tells of image files without reading them: enough to trust a file that was read before.

The time of change (ctime) cannot be set by a program, so it tells a file that was replaced even where size and
modification time were put back. Where a system has no such time (Windows), a few bytes of the file are read instead.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.durable import SETTLED_NS, open_regular, read_bytes, write_bytes
from podium.errors import StorageError
from podium.tables import Samples

__all__ = ["FileStamps", "load_stamps", "read_stamps", "save_stamps"]

_SIZE, _MODIFIED, _CHANGED, _SAMPLED = range(4)
_ABSENT = (-1, -1, -1, 0)
_OPEN = -2
_HAS_CHANGE_TIME = os.name != "nt"  # st_ctime is the time of creation there
_SAMPLE_BYTES = 4096
_N_READERS = 8


@dataclass(frozen=True, eq=False)
class FileStamps:
    """Stamps of N files at one moment.

    Attributes:
        values: Size in bytes, time of modification and of change in ns, and checksum of a few bytes, shape (N, 4). -1
            where there is no file. The checksum is 0 where the time of change tells enough.
        kept: The same, to be remembered: open where a file changed just before, as another change might leave the same
            times.
    """

    values: NDArray[np.int64]
    kept: NDArray[np.int64]


def read_stamps(samples: Samples) -> FileStamps:
    """The stamps of every sample's file; take them before the files are read."""
    root = None if samples.roots else os.fspath(samples.root)
    files = [_path_of(samples, row, root) for row in range(len(samples))]
    values = np.array([_stamp(file) for file in files], dtype=np.int64).reshape(len(files), 4)
    if not _HAS_CHANGE_TIME:
        with ThreadPoolExecutor(_N_READERS, thread_name_prefix="podium-stamp") as pool:
            values[:, _SAMPLED] = list(pool.map(_sample, files, values[:, _SIZE].tolist()))
        values[:, _CHANGED] = values[:, _MODIFIED]
    kept = values.copy()
    is_fresh = time.time_ns() - values[:, _CHANGED] < SETTLED_NS
    kept[is_fresh, _CHANGED] = _OPEN
    return FileStamps(values, kept)


def save_stamps(path: Path, stamps: FileStamps) -> None:
    """Write the stamps of files whose content is known from a reading that came after the stamps."""
    write_bytes(path, stamps.kept.astype("<i8").tobytes())


def load_stamps(path: Path, n_samples: int) -> NDArray[np.int64]:
    """The stamps that `save_stamps` wrote, shape (N, 4); all open where they are missing or damaged."""
    try:
        stamps = np.frombuffer(read_bytes(path), dtype="<i8").reshape(n_samples, 4)
    except (StorageError, ValueError):
        return np.full((n_samples, 4), _OPEN, dtype=np.int64)
    return np.array(stamps, dtype=np.int64)


def _path_of(samples: Samples, row: int, root: str | None) -> str:
    text = samples.paths[row]
    # Most paths are plain text: without making a Path of each, a million files take half as long.
    if root is None or "\\x" in text:
        return os.fspath(samples.file(row))
    return os.path.join(root, text)  # noqa: PTH118


def _stamp(file: str) -> Sequence[int]:
    try:
        status = os.stat(file)  # noqa: PTH116
    except (OSError, ValueError):
        return _ABSENT
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, 0


def _sample(file: str, size: int) -> int:
    """CRC-32 of the head, the middle and the tail of a file; 0 where it cannot be read."""
    crc = 0
    try:
        with open_regular(file) as opened:
            for place in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                opened.seek(place)
                crc = zlib.crc32(opened.read(_SAMPLE_BYTES), crc)
    except (OSError, ValueError):
        return 0
    return crc
