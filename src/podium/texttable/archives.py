"""A table inside an archive of its own, as Kaggle hands them out: `train.csv.zip`, `train.csv.gz`."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from podium import durable
from podium.errors import TableError
from podium.listing import count_of, list_some

__all__ = ["ARCHIVE_ENDINGS", "bare_name", "unpack_table"]

ARCHIVE_ENDINGS = (".zip", ".gz")
_MOST_BYTES = 2 * 1024**3


def bare_name(path: Path) -> Path:
    """The path without the ending of an archive.

    Example:
        >>> str(bare_name(Path("a/train.csv.zip"))), str(bare_name(Path("train.csv")))
        ('a/train.csv', 'train.csv')
    """
    return path.with_suffix("") if path.suffix.lower() in ARCHIVE_ENDINGS else path


def unpack_table(path: Path) -> tuple[str, bytes] | None:
    """Name and content of the one file in an archive, None where this is no archive.

    Raises:
        TableError: If there are several files or none, the archive is damaged or locked, or the file is too large.
        StorageError: If the archive cannot be read.
    """
    ending = path.suffix.lower()
    if ending not in ARCHIVE_ENDINGS:
        return None
    data = durable.read_bytes(path)
    try:
        return _unzip(data, path) if ending == ".zip" else (path.stem, _gunzip(data, path))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise TableError(
            f"the archive cannot be unpacked: {error}.", where=path, fix="Unpack it, or fetch it again."
        ) from error


def _unzip(data: bytes, path: Path) -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            names = list_some([one.filename for one in members], most=5)
            raise TableError(
                f"the archive holds {count_of(len(members), 'file')}{': ' if members else ''}{names}.",
                where=path,
                fix="Unpack it, and name the table.",
            )
        _check_size(members[0].file_size, path)
        return PurePosixPath(members[0].filename).name, archive.read(members[0])


def _gunzip(data: bytes, path: Path) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        text = file.read(_MOST_BYTES + 1)
    _check_size(len(text), path)
    return text


def _check_size(n_bytes: int, path: Path) -> None:
    if n_bytes > _MOST_BYTES:
        raise TableError(f"the table in it has {count_of(n_bytes, 'byte')}.", where=path, fix="Unpack it first.")
