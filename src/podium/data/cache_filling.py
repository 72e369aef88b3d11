"""A cache that is being filled: rows arrive in any order, and those that are done survive whatever ends the process.

Workers write pixels into the rows of one file; only facts come back. This process forces the pixels to the disk before
a line of the journal says that their rows are done, so a row that is marked done is done, whatever instant a worker,
the process or the machine ended at. A row that is not marked may hold anything and is written again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.cache_facts import SHA256_PLACE, facts_record, facts_records, write_facts
from podium.data.cache_key import pixels_key
from podium.data.file_stamps import FileStamps, save_stamps
from podium.data.image_cache import FACTS_NAME, MARK_NAME, PIXELS_NAME, STAMPS_NAME, ImageCache, write_mark
from podium.durable import Journal, check_writable, create_mapped, open_mapped, remove_file, sync_file
from podium.errors import StorageError
from podium.images import Stored
from podium.tables import Samples

__all__ = ["JOURNAL_NAME", "CacheFilling", "Progress", "mark_missing"]

JOURNAL_NAME = "rows.jsonl"
_CHUNK_BYTES = 32 * 1024**2

Progress = Callable[[int, int], None]
"""(images done, images in all)."""


class CacheFilling:
    """A cache that is being filled.

    Attributes:
        path: File of the pixels.
        missing: Rows that are not on the disk yet, in order.
    """

    def __init__(self, place: Path, samples: Samples, size: tuple[int, int], on_progress: Progress) -> None:
        self._place = place
        self._ids = samples.ids
        self._n_images = len(samples)
        self._size = size
        self._row_bytes = math.prod(size) * 3
        self._on_progress = on_progress
        self._journal = Journal(place / JOURNAL_NAME)
        self._records: dict[int, list[Any]] = {}
        self.path = place / PIXELS_NAME
        self._prepare_file((len(samples), *size, 3))
        self.missing = [row for row in range(len(samples)) if row not in self._records]

    def _prepare_file(self, shape: tuple[int, ...]) -> None:
        try:
            for line in self._journal.read():
                self._records |= {int(row): record for row, record in line["rows"].items()}
            if self._records:
                open_mapped(self.path, shape, np.uint8, "r")  # for its checks; nothing here reads or writes the map
                return
        except StorageError:
            # All of it can be made again, so damage is no reason to stop.
            self._records = {}
        remove_file(self._place / JOURNAL_NAME)
        remove_file(self._place / MARK_NAME)
        self._journal = Journal(self._place / JOURNAL_NAME)
        # Asked first, because reserving on a disk that is too small fills it before it fails.
        check_writable(self._place, needed=math.prod(shape))
        create_mapped(self.path, shape, np.uint8)

    def fill(self, stored: Iterator[list[Stored]]) -> None:
        """Mark the rows that arrive, chunk by chunk, each forced to the disk while the next is being made."""
        n_chunk = max(1, _CHUNK_BYTES // self._row_bytes)
        n_done = len(self._records)
        chunk: dict[int, list[Any]] = {}
        pending: Future[None] | None = None
        self._on_progress(n_done, self._n_images)
        with ThreadPoolExecutor(1, thread_name_prefix="podium-cache") as writer, _closing(stored):
            for some in stored:
                chunk |= {result.row: facts_record(result) for result in some}
                n_done += len(some)
                if len(chunk) >= n_chunk:
                    if pending is not None:
                        pending.result()
                    pending, chunk = writer.submit(self._commit, chunk), {}
                self._on_progress(n_done, self._n_images)
            if pending is not None:
                pending.result()
            if chunk:
                self._commit(chunk)

    def _commit(self, chunk: dict[int, list[Any]]) -> None:
        sync_file(self.path)
        self._journal.append({"rows": {str(row): record for row, record in chunk.items()}})
        self._records |= chunk

    def finish(self, request: str, stamps: FileStamps, about: dict[str, Any]) -> None:
        """Write facts, stamps and mark, in this order, and remove the journal that they replace."""
        write_facts(self._place / FACTS_NAME, self._ids, [self._records[row] for row in range(self._n_images)])
        save_stamps(self._place / STAMPS_NAME, stamps)
        height, width = self._size
        sha256 = [self._records[row][SHA256_PLACE] for row in range(self._n_images)]
        mark = {"request": request, "key": pixels_key(request, sha256), "n_images": self._n_images}
        write_mark(self._place, mark | {"height": height, "width": width} | about)
        remove_file(self._place / JOURNAL_NAME)


def mark_missing(cache: ImageCache, rows: NDArray[np.int64]) -> None:
    """Make a finished cache an unfinished one that lacks these rows."""
    records = facts_records(cache.facts)
    is_there = np.ones(len(cache), dtype=bool)
    is_there[rows] = False
    remove_file(cache.folder / JOURNAL_NAME)
    if is_there.any():
        there = {str(row): records[row] for row in np.flatnonzero(is_there)}
        Journal(cache.folder / JOURNAL_NAME).append({"rows": there})
    remove_file(cache.folder / MARK_NAME)


@contextmanager
def _closing(decoded: Iterator[Any]) -> Iterator[None]:
    """Ends the decoding threads however the block ends; waiting for the garbage collector would leave them running."""
    try:
        yield
    finally:
        if isinstance(decoded, Generator):
            decoded.close()
