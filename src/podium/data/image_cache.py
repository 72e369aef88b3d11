"""A finished cache: decoded images of one size in a memory-mapped file, with facts and ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.cache_facts import CacheFacts, read_facts
from podium.durable import (
    find_damaged_pieces,
    is_known_sound,
    open_mapped,
    read_sealed,
    remember_sound,
    sha256_file,
    write_sealed,
)
from podium.errors import CorruptFileError, SourceError
from podium.listing import count_of, list_some

__all__ = [
    "FACTS_NAME",
    "MARK_NAME",
    "PIXELS_NAME",
    "STAMPS_NAME",
    "THUMBNAILS_NAME",
    "ImageCache",
    "is_complete",
    "is_sound",
    "open_cache",
    "read_mark",
    "write_mark",
]

PIXELS_NAME = "pixels.u8"
FACTS_NAME = "facts.parquet"
STAMPS_NAME = "stamps.bin"
THUMBNAILS_NAME = "thumbnails.bin"
MARK_NAME = "cache.json"
"""Written last; a cache without it is not finished."""


@dataclass(frozen=True, eq=False)
class ImageCache:
    """Decoded images of N samples, all of one size.

    Attributes:
        folder: Where it lies.
        key: What it was made from, see `pixels_key`.
        ids: Ids of the samples, in the order of the rows, shape (N,).
        pixels: Read-only memory map, uint8 (N, height, width, 3), upright RGB. Index it, do not copy it.
        is_usable: Whether the image could be decoded, bool (N,); where not, its row is zeros.
        facts: What the decode learnt about each file.
        parts: The same images cut to other regions, by region; none where all models see one region.
    """

    folder: Path
    key: str
    ids: NDArray[np.object_]
    pixels: NDArray[np.uint8]
    is_usable: NDArray[np.bool_]
    facts: CacheFacts
    parts: Mapping[str, ImageCache] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def height(self) -> int:
        """Height of the stored images in pixels."""
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        """Width of the stored images in pixels."""
        return int(self.pixels.shape[2])

    def rows_of(self, ids: Sequence[str] | NDArray[np.object_]) -> NDArray[np.int64]:
        """Rows of these ids, shape (len(ids),).

        Raises:
            SourceError: If an id is not in the cache; lists them.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        unknown = [name for name in ids if name not in place]
        if unknown:
            what = f"the image cache has no images with these ids: {list_some(unknown)}."
            raise SourceError(what, details=list(map(str, unknown)))
        return np.fromiter((place[name] for name in ids), dtype=np.int64, count=len(ids))

    def find_damage(self) -> NDArray[np.int64]:
        """Rows whose pixels are no longer those that were written. Reads the whole file."""
        return find_damaged_pieces(self.pixels, range(len(self)), self.facts.crc32)


def is_complete(folder: Path) -> bool:
    """Whether the folder holds a finished cache."""
    return (folder / MARK_NAME).is_file()


def is_sound(cache: ImageCache) -> bool:
    """Whether all pixels are those that were written; compared once per process, and when the file has changed."""
    path = cache.folder / PIXELS_NAME
    if is_known_sound(path):
        return True
    if len(cache.find_damage()):
        return False
    remember_sound(path)
    return True


def write_mark(folder: Path, mark: dict[str, Any]) -> None:
    """Declare a cache finished, with facts that describe it; its facts must be on the disk."""
    write_sealed(folder / MARK_NAME, mark | {"facts": sha256_file(folder / FACTS_NAME)})


def open_cache(folder: str | Path) -> ImageCache:
    """The finished cache in a folder; its pixels are mapped, and neither read nor compared (`is_sound`).

    Raises:
        StorageError: If there is none.
        CorruptFileError: If another of its files is not what was written.
    """
    folder = Path(folder)
    mark = read_mark(folder)
    ids, facts = read_facts(folder / FACTS_NAME, mark["facts"])
    if len(ids) != mark["n_images"]:
        raise CorruptFileError(
            f"it has facts of {count_of(len(ids), 'image')}, expected {mark['n_images']}.",
            where=folder,
            fix="Remove this folder; the cache is then built again.",
        )
    shape = (mark["n_images"], mark["height"], mark["width"], 3)
    pixels = open_mapped(folder / PIXELS_NAME, shape, np.uint8)
    is_usable = np.asarray(facts.outcome == "ok")
    is_usable.setflags(write=False)
    return ImageCache(folder, mark["key"], ids, pixels, is_usable, facts)


def read_mark(folder: Path) -> dict[str, Any]:
    """What a finished cache says of itself.

    Raises:
        StorageError: If there is none.
        CorruptFileError: If it is damaged, or of another version.
    """
    mark = read_sealed(folder / MARK_NAME)
    kinds = {"request": str, "key": str, "n_images": int, "height": int, "width": int, "facts": str}
    if not all(isinstance(mark.get(name), kind) for name, kind in kinds.items()):
        raise CorruptFileError(
            "this is not a cache of Podium.",
            where=folder / MARK_NAME,
            fix="Remove this folder; the cache is then built again.",
        )
    return mark
