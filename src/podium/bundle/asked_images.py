"""The images that were predicted, known by their digests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from podium import durable
from podium.errors import CorruptFileError, ImageError
from podium.listing import count_of, list_some
from podium.tables import Samples, load_samples
from podium.tables.csv_cells import read_csv

__all__ = ["check_images", "read_asked"]


def read_asked(folder: Path, *, root: Path | None = None) -> tuple[Samples, dict[str, str]]:
    """What `podium predict` noted of a test set: its table, and the digest of each file by id.

    Args:
        folder: Where it stands in the run.
        root: Folder of the images, if they moved since.

    Raises:
        StorageError: If a file is missing or damaged.
    """
    asked, columns = load_samples(folder, root=root), read_csv(folder / "images.csv")
    digests = dict(zip(columns.get("id", ()), columns.get("sha256", ()), strict=True))
    if set(digests) != set(asked.ids.tolist()):
        raise CorruptFileError("this is not the list of these images.", where=folder / "images.csv")
    return asked, digests


def check_images(asked: Samples, digests: Mapping[str, str], *, fix: str) -> None:
    """Raise unless every file is there and is what was predicted; one that could not be decoded has no digest.

    Args:
        asked: The images.
        digests: SHA-256 of each by its id.
        fix: What to do about it.

    Raises:
        ImageError: Names the images that are missing or others.
    """
    found = {row: _state(asked, row, digests) for row in range(len(asked))}
    names = {
        word: [str(asked.ids[row]) for row, state in found.items() if state == word] for word in ("missing", "changed")
    }
    parts = [f"{count_of(len(ids), 'test image')} {word}: {list_some(ids)}" for word, ids in names.items() if ids]
    if parts:
        raise ImageError(
            f"{'; '.join(parts)}.", where=asked.root, fix=fix, details=[*names["missing"], *names["changed"]]
        )


def _state(asked: Samples, row: int, digests: Mapping[str, str]) -> str:
    path, digest = asked.file(row), digests[str(asked.ids[row])]
    if not path.is_file():
        return "missing"
    return "changed" if digest and durable.sha256_file(path) != digest else "same"
