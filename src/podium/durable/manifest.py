"""The list of a folder's files with their SHA-256, written last: a folder with a sound manifest is complete.

One flipped bit in a weight file loads without an error in nearly every case; only a digest tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.durable.atomic import sync_file
from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import resolve_inside
from podium.durable.regular import open_regular
from podium.durable.sealed import read_sealed, write_sealed
from podium.errors import CorruptFileError, DataError
from podium.listing import count_of

__all__ = ["MANIFEST_NAME", "Manifest", "check_manifest", "read_manifest", "sha256_file", "write_manifest"]

MANIFEST_NAME = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder must hold.

    Attributes:
        sizes: Bytes of each file, by its path relative to the folder.
        digests: SHA-256 of each file, in hexadecimal.
        meta: JSON-ready facts that were written with the list.
    """

    sizes: Mapping[str, int]
    digests: Mapping[str, str]
    meta: Mapping[str, Any]


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises:
        StorageError: If it cannot be read.
    """
    with explaining_failures(path), open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: str | Path, names: Iterable[str], meta: Mapping[str, Any] | None = None) -> Manifest:
    """Sync the named files, hash what is on the disk, and write `manifest.json` as the mark that they are complete.

    Args:
        folder: Folder of the files.
        names: Paths relative to it, all of which must exist.
        meta: Further JSON-ready facts to keep, covered by the manifest's own digest.

    Returns:
        The manifest as written.

    Raises:
        StorageError: If a file is missing or the disk refuses; no manifest is written then.
        DataError: If a name leads outside the folder.
    """
    folder = Path(folder)
    paths = {name: resolve_inside(folder, name) for name in names}
    for path in paths.values():
        sync_file(path)
    # Their names too, before the manifest gets its own: a power cut may keep one name and lose another.
    with explaining_failures(folder):
        for parent in sorted({path.parent for path in paths.values()}):
            current_backend().fsync_dir(parent)
        sizes = {name: path.stat().st_size for name, path in paths.items()}
    digests = {name: sha256_file(path) for name, path in paths.items()}
    files = {name: {"bytes": sizes[name], "sha256": digests[name]} for name in paths}
    record = {"format": _FORMAT, "meta": dict(meta or {}), "files": files}
    write_sealed(folder / MANIFEST_NAME, record)
    return Manifest(sizes, digests, dict(meta or {}))


def read_manifest(folder: str | Path) -> Manifest:
    """The manifest of a folder, itself sound; the files are not looked at.

    Raises:
        CorruptFileError: If it is missing, empty, damaged or of another format.
    """
    path = Path(folder) / MANIFEST_NAME
    with explaining_failures(path):
        if not path.is_file():
            raise CorruptFileError("the manifest is missing, so this folder is incomplete.", where=path)
    record = read_sealed(path)
    try:
        if record["format"] != _FORMAT:
            raise CorruptFileError(f"the manifest has format {record['format']}, expected {_FORMAT}.", where=path)
        sizes = {name: int(file["bytes"]) for name, file in record["files"].items()}
        return Manifest(sizes, {name: str(file["sha256"]) for name, file in record["files"].items()}, record["meta"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptFileError("this is not a manifest of Podium.", where=path) from error


def check_manifest(folder: str | Path, *, contents: bool = True) -> Manifest:
    """The manifest of a folder whose files are all there and are what was written. Other files are not looked at.

    Args:
        folder: Folder to check.
        contents: Hash each file; else only compare sizes.

    Raises:
        CorruptFileError: If the manifest or a file is missing or damaged. Names the first such file.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    for name in manifest.sizes:
        with explaining_failures(folder / name):
            _check_file(folder, name, manifest, contents=contents)
    return manifest


def _check_file(folder: Path, name: str, manifest: Manifest, *, contents: bool) -> None:
    try:
        path = resolve_inside(folder, name)
    except DataError as error:
        raise CorruptFileError(f"the manifest names a file outside: {name!r}.", where=folder) from error
    if not path.is_file():
        raise CorruptFileError("this file is missing.", where=folder / name)
    n_bytes, expected = path.stat().st_size, manifest.sizes[name]
    if n_bytes != expected:
        raise CorruptFileError(
            f"this file has {count_of(n_bytes, 'byte')}, {expected:,} were written.", where=folder / name
        )
    if contents and sha256_file(path) != manifest.digests[name]:
        raise CorruptFileError("this file was changed after it was written, or is damaged.", where=folder / name)
