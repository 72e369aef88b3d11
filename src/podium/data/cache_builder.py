"""Finding and building a cache: each image is decoded once, and no pixel is used that is not what was decoded.

A cache is found by what it holds: the same images, by content. Its pixels are compared with their checksums before they
are used, and damaged rows are decoded again. A build that was killed goes on where its disk says it was.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from podium.data.cache_filling import CacheFilling, Progress, mark_missing
from podium.data.cache_key import folder_name, request_key
from podium.data.file_stamps import FileStamps, read_stamps
from podium.data.image_cache import (
    MARK_NAME,
    PIXELS_NAME,
    ImageCache,
    is_complete,
    is_sound,
    open_cache,
    read_mark,
)
from podium.data.same_files import is_of_files
from podium.durable import (
    make_cache_folder,
    make_folder,
    remove_file,
    wait_for_lock,
)
from podium.errors import CorruptFileError, LockedError, SourceError, StorageError
from podium.images import Box, Fit, Isolation, Item, Limits, Preprocessing, ShortageError, decode_into_rows
from podium.listing import agree, part_of
from podium.tables import Samples

__all__ = ["build_cache"]

_MOST_TURNS = 5
_log = logging.getLogger("podium")

Announce = Callable[[str], None]


def build_cache(
    samples: Samples,
    folder: str | Path,
    *,
    height: int,
    width: int,
    fit: Fit = "stretch",
    preprocessing: Sequence[Preprocessing] = (),
    n_threads: int | None = None,
    isolation: Isolation = "process",
    limits: Limits | None = None,
    deadline_s: float = 60.0,
    memory_mib: int = 4096,
    boxes: Sequence[Box | None] | None = None,
    wait_s: float = math.inf,
    while_waiting: Callable[[LockedError], None] | None = None,
    on_progress: Progress | None = None,
    announce: Announce | None = None,
) -> ImageCache:
    """The cache of these images, built where it is not there yet.

    A second call with the same files opens the cache in `folder` without decoding anything, after comparing its pixels
    with their checksums: damaged rows are decoded again. The same files are those of the same content: where size and
    times are not those of the files that were decoded, their SHA-256 is compared. The disk space is reserved before the
    first image. Neither building nor reading holds the array in memory.

    Args:
        samples: Images; row i of the cache is sample i.
        folder: Folder of all caches.
        height: Height of the stored images.
        width: Width of the stored images.
        fit: How an image is brought to that shape, see `podium.images.resize_to`.
        preprocessing: What is done to every image beside that.
        n_threads: Images decoded at a time; the cores this process may use where None.
        isolation: "process", so that a file that hangs or crashes the decoder costs only itself. "thread" starts a
            little sooner, for files that are trusted not to.
        limits: Refuse files beyond these.
        deadline_s: Seconds that one image may take. Processes only.
        memory_mib: Memory that one image may take. Processes on Linux only.
        boxes: Part of each image that is stored, None for the whole image; None stores all images whole.
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
            _Look(fit, tuple(preprocessing), limits, None if boxes is None else tuple(boxes)),
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
    look: _Look,
    *,
    wait: Callable[[Path], AbstractContextManager[Any]],
    on_progress: Progress | None,
    decoding: dict[str, Any],
) -> ImageCache:
    if not len(samples):
        raise SourceError("there are no images to cache.")
    request = _Request(samples, size, look, on_progress or (lambda done, total: None), decoding)
    found = request.find(folder)
    if found is not None and is_sound(found):
        return found
    make_cache_folder(folder)
    for place in request.places(folder) if found is None else (found.folder,):
        make_folder(place)
        with wait(place):
            if not request.is_taken(place):
                return request.complete(place)
    raise AssertionError("there is always another place")


@dataclass(frozen=True)
class _Look:
    """How images look, beside their size."""

    fit: Fit
    preprocessing: tuple[Preprocessing, ...]
    limits: Limits | None
    boxes: tuple[Box | None, ...] | None

    def item(self, row: int, path: Path) -> Item:
        """An image, and the part of it that is stored."""
        box = None if self.boxes is None else self.boxes[row]
        return (row, path) if box is None else (row, path, box)


class _Request:
    """The cache that somebody wants: what is in it, how it is found, how it is made."""

    def __init__(
        self,
        samples: Samples,
        size: tuple[int, int],
        look: _Look,
        on_progress: Progress,
        decoding: dict[str, Any],
    ) -> None:
        self._samples = samples
        self._size = size
        self._look = look
        self._on_progress = on_progress
        self._decoding = decoding | {"limits": look.limits}
        self._key = request_key(
            samples, *size, look.fit, limits=look.limits, preprocessing=look.preprocessing, boxes=look.boxes
        )
        self._stamps = read_stamps(samples)

    def places(self, folder: Path) -> Iterator[Path]:
        """Folders in which it can be built: the first, unless a cache of other files with the same stamps is there."""
        return (folder / folder_name(self._key, self._stamps, turn) for turn in count())

    def find(self, folder: Path) -> ImageCache | None:
        """The finished cache of these very files, whatever its folder is called and wherever it came from."""
        first = next(self.places(folder))
        for place in (first, *sorted(mark.parent for mark in folder.glob(f"*/{MARK_NAME}") if mark.parent != first)):
            cache = self._open(place)
            if cache is not None and self._is_of_files(cache, self._stamps):
                return cache
        return None

    def is_taken(self, place: Path) -> bool:
        """Whether a finished cache of other files is there."""
        cache = self._open(place)
        return cache is not None and not self._is_of_files(cache, self._stamps)

    def complete(self, place: Path) -> ImageCache:
        """The cache in a folder that this process has locked, made, made anew or mended where it has to be."""
        announce = self._decoding["announce"] or _log.warning
        for _ in range(_MOST_TURNS):
            cache = self._open(place)
            if cache is None:
                if is_complete(place):
                    announce("The cache of decoded images is damaged; the images are decoded again.")
                self._build(place)
            elif is_sound(cache):
                return cache
            else:
                damaged = cache.find_damage()
                announce(
                    f"{part_of(len(damaged), len(cache), 'image')} in the cache"
                    f" {agree(len(damaged), 'is damaged; it is', 'are damaged; they are')} decoded again."
                )
                mark_missing(cache, damaged)
        raise CorruptFileError(
            "what was read back is not what was written.", where=place / PIXELS_NAME, fix="Check the disk."
        )

    def _open(self, place: Path) -> ImageCache | None:
        try:
            is_wanted = is_complete(place) and read_mark(place)["request"] == self._key
            return open_cache(place) if is_wanted else None
        except StorageError:  # also where it was removed just now
            return None

    def _is_of_files(self, cache: ImageCache, stamps: FileStamps) -> bool:
        return is_of_files(
            cache,
            self._samples,
            stamps,
            decoding=self._decoding,
            between=lambda: self._on_progress(0, len(self._samples)),
        )

    def _build(self, place: Path) -> None:
        build = CacheFilling(place, self._samples, self._size, self._on_progress)
        items = (self._look.item(row, self._samples.file(row)) for row in build.missing)
        look = {"fit": self._look.fit, "preprocessing": self._look.preprocessing}
        options = self._decoding | {"size": self._size} | look
        build.fill(decode_into_rows(items, build.path, len(self._samples), n_items=len(build.missing), **options))
        build.finish(self._key, self._stamps, {"fit": self._look.fit})
        self._require_unchanged(place)

    def _require_unchanged(self, place: Path) -> None:
        """Refuse the cache where a file was another one when it was decoded than it is now."""
        stamps = read_stamps(self._samples)
        if (stamps.values == self._stamps.values).all():
            return
        if not self._is_of_files(open_cache(place), stamps):
            remove_file(place / MARK_NAME)
            raise SourceError(
                "image files changed while the cache was being built.",
                where=self._samples.root,
                fix="Run the command again.",
            )
