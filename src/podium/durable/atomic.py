"""Files that are there whole or not at all: temporary file, fsync, rename, fsync of the folder.

Killed at any instant, or on a full disk, the name holds either the old content or the new one.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder
from podium.durable.home import CACHE_MARK, refuse_no_regular_file
from podium.durable.stream import write_new_file
from podium.durable.temporary import temporary_path

__all__ = [
    "check_regular",
    "encode_json",
    "encode_json_file",
    "make_cache_folder",
    "sync_file",
    "write_atomically",
    "write_bytes",
    "write_json",
    "write_text",
]

_ABOUT_CACHES = "Decoded images and features of Podium. Everything here can be made again.\n"


@contextmanager
def write_atomically(path: str | Path, *, needed: int | None = None) -> Iterator[BinaryIO]:
    """A binary file object whose content becomes the file when the block ends without an error.

    For writers that want a file: `frame.to_parquet(file)`, `frame.to_csv(file)`, `np.savez(file, ...)`,
    `torch.save(state, file)`, `image.save(file, format="PNG")`. Missing parent folders are made.

    Args:
        path: File to write.
        needed: Bytes that will be written, where known; told to the user when the disk is full.

    Raises:
        StorageError: If the disk refuses. Names `path`; for a full disk also the bytes needed and free. No temporary
            file stays, and the old content is intact. So too if a link, a pipe or a device has this name, or a folder
            on the way is a link inside a folder of Podium's.

    Example:
        >>> import tempfile, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with write_atomically(f"{folder}/probs.npz") as file:
        ...         np.savez(file, probs=np.eye(2))
        ...     float(np.load(f"{folder}/probs.npz")["probs"].sum())
        2.0
    """
    target = Path(path)
    with explaining_failures(target):
        refuse_no_regular_file(target)
    folder = make_folder(target.parent)
    temporary = temporary_path(folder)
    try:  # around everything: a signal may raise between any two instructions
        with write_new_file(temporary, target, needed=needed) as (file, _):
            yield file
        with explaining_failures(target, needed=needed):
            current_backend().replace(temporary, target)
            current_backend().fsync_dir(folder)
    except BaseException:
        with suppress(OSError):
            if temporary.exists():
                current_backend().unlink(temporary)
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a whole file of bytes, old or new content at any instant. Raises like `write_atomically`."""
    with write_atomically(path, needed=len(data)) as file:
        file.write(data)


def write_text(path: str | Path, text: str) -> None:
    r"""Write a whole UTF-8 file, line ends exactly as given. Raises like `write_atomically`.

    Bytes of a file name that is not UTF-8, which Python holds as lone surrogates, are written back as those bytes.
    """
    write_bytes(path, text.encode("utf-8", errors="surrogateescape"))


def write_json(path: str | Path, value: object) -> None:
    """Write a value as JSON: keys in the given order, indented, newline at the end. Raises like `write_atomically`.

    Raises:
        ValueError: If a number is NaN or infinite, which JSON cannot hold.
        TypeError: If a value is not JSON-ready.
    """
    try:
        data = encode_json_file(value)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; write None for a number that is missing") from error
    write_bytes(path, data)


def encode_json(value: object) -> bytes:
    """A value as JSON on one line without blanks, in UTF-8; ValueError for NaN.

    Hangul stays readable. Lone surrogates, in names that are not UTF-8, become escapes and so come back.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="backslashreplace")


def encode_json_file(value: object) -> bytes:
    """A value as the content `write_json` gives a file; ValueError for NaN."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


def check_regular(path: str | Path) -> None:
    """Raise unless `path` is a regular file or absent.

    Raises:
        StorageError: If it is a link, a pipe, a device or a folder.
    """
    path = Path(path)
    with explaining_failures(path):
        refuse_no_regular_file(path)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def make_cache_folder(folder: str | Path) -> Path:
    """Make the folder of all caches and mark it, so that nothing is written through a link inside it.

    Raises:
        StorageError: If the disk refuses.
    """
    folder = make_folder(folder)
    if not os.path.lexists(folder / CACHE_MARK):
        write_text(folder / CACHE_MARK, _ABOUT_CACHES)
    return folder


def sync_file(path: str | Path) -> None:
    """Force an existing file to the disk, whoever wrote it.

    Raises:
        StorageError: If it is missing or the disk refuses.
    """
    path = Path(path)
    with explaining_failures(path):
        if not path.is_file():  # opening for editing would make it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        descriptor = current_backend().edit(path)
        try:
            current_backend().fsync(descriptor)
        finally:
            os.close(descriptor)
