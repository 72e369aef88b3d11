"""Turns what the operating system says about a file into an error a user can act on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.errors import StorageError

__all__ = ["explain_failure", "explaining_failures"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_WHAT = {
    errno.EACCES: ("permission denied.", "Choose a folder that you can write to, or change its permissions."),
    errno.EPERM: ("permission denied.", "Choose a folder that you can write to, or change its permissions."),
    errno.EROFS: ("the disk is read-only.", "Choose an output folder on a writable disk."),
    errno.ENAMETOOLONG: ("the name is too long for this disk.", "Choose a shorter name or output folder."),
    errno.EISDIR: ("a folder of this name is in the way.", "Remove it or choose another name."),
    errno.ENOTDIR: ("part of this path is a file, not a folder.", "Choose another folder."),
    errno.ENOENT: ("there is no such file or folder.", "Check the path."),
    errno.EFBIG: ("the file is larger than this disk allows.", "Choose an output folder on another disk."),
    errno.ELOOP: (
        "there is a link in its place, and Podium does not write through links.",
        "Remove the link or choose another folder.",
    ),
    errno.EMLINK: (
        "the file has a second name (a hard link); writing would change both.",
        "Replace it with a copy, or choose another folder.",
    ),
    errno.EMFILE: ("too many open files.", "Raise the limit (ulimit -n) or use fewer workers."),
    errno.ENFILE: ("too many open files on this machine.", "Close other programs or use fewer workers."),
    errno.EIO: ("the disk reported an input/output error.", "Check the disk, then run the same command again."),
}


def explain_failure(error: OSError, path: str | Path, *, needed: int | None = None) -> StorageError:
    """The StorageError for an OSError met while writing or reading `path`.

    Args:
        error: What the operating system raised.
        path: The file or folder the user knows, not the temporary file behind it.
        needed: Bytes the write needs at least, where known.

    Returns:
        An error to raise `from` the given one. For a full disk it tells the bytes needed and the bytes free.
    """
    if error.errno == errno.ENOSPC and _has_no_file_left(Path(path)):
        return StorageError(
            "no more files fit on this disk: its table of files (inodes) is full.",
            where=path,
            fix="Remove files that you do not need, `df -i` shows how many there are, and run the same command again;"
            " finished work is kept.",
        )
    if error.errno in _FULL:
        amount = "an unknown number of bytes" if needed is None else f"at least {needed:,} bytes"
        free = _free_bytes(Path(path))
        left = "" if free is None else f", {free:,} bytes are free"
        reason = "the disk is full" if error.errno == errno.ENOSPC else "the disk quota is used up"
        return StorageError(
            f"{reason}: {amount} needed{left}.",
            where=path,
            fix="Free some space and run the same command again; finished work is kept.",
        )
    if error.errno == errno.ELOOP and error.filename is not None:
        path = os.fsdecode(error.filename)  # the link, which may be a folder above
    what, fix = _WHAT.get(error.errno or 0, (f"{error.strerror or error}.", "Check the path and the disk."))
    return StorageError(what, where=path, fix=fix)


@contextmanager
def explaining_failures(path: str | Path, *, needed: int | None = None) -> Iterator[None]:
    """Raise every OSError of a `with` block as the StorageError of `path`."""
    try:
        yield
    except OSError as error:
        raise explain_failure(error, path, needed=needed) from error


def _free_bytes(path: Path) -> int | None:
    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return None


def _has_no_file_left(path: Path) -> bool:
    """Whether the disk has no inode left; many file systems count none."""
    for folder in (path, *path.parents):
        try:
            disk = os.statvfs(folder)
        except (OSError, AttributeError):  # not there yet; Windows
            continue
        return disk.f_files > 0 and disk.f_favail == 0
    return False
