"""Building a cache: each image is decoded once; a build that was killed goes on where its disk says it was.

Workers decode and write pixels into the rows of one file; only facts come back. This process forces the pixels to the
disk before a line of the journal says that their rows are done, so a row that is marked done is done, whatever instant
a worker, the process or the machine ended at. A row that is not marked may hold anything and is written again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from podium.data.cache_facts import facts_record, write_facts
from podium.data.cache_key import cache_key
from podium.data.image_cache import FACTS_NAME, MARK_NAME, PIXELS_NAME, ImageCache, is_complete, open_cache
from podium.durable import (
    Journal,
    check_writable,
    create_mapped,
    make_cache_folder,
    make_folder,
    open_mapped,
    remove_file,
    sync_file,
    wait_for_lock,
    write_json,
)
from podium.errors import CorruptFileError, LockedError, SourceError, StorageError
from podium.images import Fit, Isolation, Limits, ShortageError, Stored, decode_into_rows
from podium.tables import Samples

__all__ = ["build_cache"]

JOURNAL_NAME = "rows.jsonl"
_CHUNK_BYTES = 32 * 1024**2

Progress = Callable[[int, int], None]
Announce = Callable[[str], None]


def build_cache(
    samples: Samples,
    folder: str | Path,
    *,
    height: int,
    width: int,
    fit: Fit = "stretch",
    n_threads: int | None = None,
    isolation: Isolation = "process",
    limits: Limits | None = None,
    deadline_s: float = 60.0,
    memory_mib: int = 4096,
    wait_s: float = math.inf,
    while_waiting: Callable[[LockedError], None] | None = None,
    on_progress: Progress | None = None,
    announce: Announce | None = None,
) -> ImageCache:
    """The cache of these images, built where it is not there yet.

    The cache lies in `folder`/<key>. A second call with unchanged files opens it without decoding anything. The disk
    space is reserved before the first image. Neither building nor reading holds the array in memory.

    Args:
        samples: Images; row i of the cache is sample i.
        folder: Folder of all caches.
        height: Height of the stored images.
        width: Width of the stored images.
        fit: How an image is brought to that shape, see `podium.images.resize_to`.
        n_threads: Images decoded at a time; the cores this process may use where None.
        isolation: "process", so that a file that hangs or crashes the decoder costs only itself. "thread" starts a
            little sooner, for files that are trusted not to.
        limits: Refuse files beyond these.
        deadline_s: Seconds that one image may take. Processes only.
        memory_mib: Memory that one image may take. Processes on Linux only.
        wait_s: Seconds to wait at most where another process builds the same cache.
        while_waiting: Called again and again meanwhile; what it raises ends the wait.
        on_progress: Called with (images done, images in all), at least twice a second. What it raises ends the build
            and its workers; what is on the disk stays.
        announce: Receives a line about workers that were lost or cannot be started; None logs a warning.

    Raises:
        SourceError: If there are no samples, or an image file changed during the build.
        LockedError: If another process still builds the same cache after `wait_s`. Names it.
        StorageError: If the disk is too small or refuses. The same call goes on where it stopped.
        ShortageError: If this process has no memory or no file descriptors left; so it does.
    """
    try:
        return _open_or_build(
            samples,
            Path(folder),
            (height, width),
            fit,
            limits,
            wait=partial(wait_for_lock, wait_s=wait_s, while_waiting=while_waiting),
            on_progress=on_progress,
            decoding={
                "isolation": isolation,
                "n_workers": n_threads,
                "deadline_s": deadline_s,
                "memory_mib": memory_mib,
                "announce": announce,
            },
        )
    except MemoryError as error:
        raise ShortageError("out of memory while building the cache.", where=folder) from error


def _open_or_build(
    samples: Samples,
    folder: Path,
    size: tuple[int, int],
    fit: Fit,
    limits: Limits | None,
    *,
    wait: Callable[[Path], AbstractContextManager[Any]],
    on_progress: Progress | None,
    decoding: dict[str, Any],
) -> ImageCache:
    height, width = size
    if not len(samples):
        raise SourceError("there are no images to cache.")
    key = cache_key(samples, height, width, fit, limits=limits)
    place = folder / key
    if (found := _open_if_sound(place)) is not None:
        return found
    make_cache_folder(folder)
    make_folder(place)
    with wait(place):
        if (found := _open_if_sound(place)) is not None:
            return found
        build = _Build(place, samples, size, on_progress)
        items = ((row, samples.file(row)) for row in build.missing)
        n_items = len(build.missing)
        build.fill(
            decode_into_rows(
                items, build.path, len(samples), n_items=n_items, size=size, fit=fit, limits=limits, **decoding
            )
        )
        if cache_key(samples, height, width, fit, limits=limits) != key:
            remove_file(place / JOURNAL_NAME)
            raise SourceError(
                "image files changed while the cache was being built.", where=samples.root, fix="Run the command again."
            )
        build.finish({"key": key, "n_images": len(samples), "height": height, "width": width, "fit": fit})
    return open_cache(place)


class _Build:
    """A cache that is being filled.

    Attributes:
        path: File of the pixels.
        missing: Rows that are not on the disk yet, in order.
    """

    def __init__(self, place: Path, samples: Samples, size: tuple[int, int], on_progress: Progress | None) -> None:
        self._place = place
        self._ids = samples.ids
        self._n_images = len(samples)
        self._row_bytes = math.prod(size) * 3
        self._on_progress = on_progress or (lambda done, total: None)
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

    def finish(self, mark: dict[str, Any]) -> None:
        """Write facts and mark, in this order, and remove the journal that they replace."""
        write_facts(self._place / FACTS_NAME, self._ids, [self._records[row] for row in range(self._n_images)])
        write_json(self._place / MARK_NAME, mark)
        remove_file(self._place / JOURNAL_NAME)


def _open_if_sound(place: Path) -> ImageCache | None:
    if not is_complete(place):
        return None
    try:
        return open_cache(place)
    except CorruptFileError:
        return None


@contextmanager
def _closing(decoded: Iterator[Any]) -> Iterator[None]:
    """Ends the decoding threads however the block ends; waiting for the garbage collector would leave them running."""
    try:
        yield
    finally:
        if isinstance(decoded, Generator):
            decoded.close()
