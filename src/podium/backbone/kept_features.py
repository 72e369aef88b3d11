"""Features in a file, in chunks with a checksum each: what is done is known, and what is damaged is found."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from podium import durable
from podium.errors import StorageError

__all__ = ["KeptFeatures"]


class KeptFeatures:
    """Features in a file, in chunks of some rows of a view; a journal beside it has the checksums of those done.

    Args:
        folder: Where they lie.
        shape: Their shape, (V, N, *shape).
        dtype: What they are stored as.
        n_rows: Rows of a chunk.

    Attributes:
        n_chunks: Chunks of all views.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: type, n_rows: int) -> None:
        self._path, self._journal = folder / "features.bin", durable.Journal(folder / "done.jsonl")
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._chunks = [(place, start) for place in range(shape[0]) for start in range(0, shape[1], n_rows)]
        self._n_rows, self.n_chunks = n_rows, len(self._chunks)

    def map(self, mode: Literal["r", "r+"]) -> np.memmap[Any, np.dtype[Any]]:
        """The array in the file."""
        return durable.open_mapped(self._path, self._shape, self._dtype, mode)

    def is_whole(self) -> bool:
        """Whether all are there and are what was written; compared once per process, and when the file has changed."""
        crc32 = self._read_done()
        if not set(self._chunks) <= set(crc32):
            return False
        if not durable.is_known_sound(self._path):
            if self._find_damaged(crc32):
                return False
            durable.remember_sound(self._path)
        return True

    def find_missing(self, on_damage: Callable[[int], None] | None) -> list[tuple[int, int]]:
        """View and first row of every chunk that is not there, or is not what was written."""
        crc32 = self._read_done()
        damaged = self._find_damaged(crc32)
        if damaged and on_damage is not None:
            on_damage(sum(min(self._n_rows, self._shape[1] - start) for _, start in damaged))
        return [chunk for chunk in self._chunks if chunk not in crc32 or chunk in damaged]

    def start(self) -> None:
        """Begin with an empty file, its disk space reserved."""
        durable.remove_file(self._journal.path)
        durable.check_writable(self._path.parent, needed=math.prod(self._shape) * self._dtype.itemsize)
        durable.create_mapped(self._path, self._shape, self._dtype)

    def mark_done(self, mapped: np.memmap[Any, np.dtype[Any]], place: int, start: int) -> None:
        """Force a chunk to the disk, then note its checksum."""
        crc32 = zlib.crc32(mapped[place, start : start + self._n_rows].data)
        durable.sync_mapped(mapped)
        durable.release_pages(mapped)
        self._journal.append({"view": place, "start": start, "crc32": crc32})

    def _read_done(self) -> dict[tuple[int, int], int]:
        """CRC-32 of every chunk that was written, by view and first row; none where a file is damaged."""
        try:
            self.map("r")
            return {(line["view"], line["start"]): line["crc32"] for line in self._journal.read()}
        except (StorageError, KeyError):  # all of it can be made again; without checksums it is of an older version
            return {}

    def _find_damaged(self, crc32: Mapping[tuple[int, int], int]) -> set[tuple[int, int]]:
        chunks = [chunk for chunk in self._chunks if chunk in crc32]
        if not chunks:
            return set()
        pieces = [(place, slice(start, start + self._n_rows)) for place, start in chunks]
        damaged = durable.find_damaged_pieces(self.map("r"), pieces, [crc32[chunk] for chunk in chunks])
        return {chunks[number] for number in damaged}
