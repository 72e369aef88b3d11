"""Folders: made durably, probed before work starts, removed, and the one check that keeps a path inside its root."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.temporary import is_abandoned, is_leftover, temporary_path
from podium.errors import DataError, StorageError

__all__ = [
    "check_writable",
    "make_folder",
    "remove_file",
    "remove_leftovers",
    "remove_tree",
    "resolve_inside",
    "sweep_leftovers",
]


def make_folder(folder: str | Path) -> Path:
    """Make a folder and its missing parents, so that a power cut cannot take them back.

    Raises:
        StorageError: If a file is in the way or the disk refuses.
    """
    folder = Path(folder)
    missing = []
    with explaining_failures(folder):
        for step in (folder, *folder.parents):
            if step.is_dir():
                break
            missing.append(step)
        for step in reversed(missing):
            # Another process may make the same folder at the same time; is_dir decides who is right.
            try:
                current_backend().mkdir(step)
            except FileExistsError:
                if not step.is_dir():
                    raise StorageError("a file is in the way of this folder.", where=step) from None
            current_backend().fsync_dir(step.parent)
    return folder


def check_writable(folder: str | Path, *, needed: int = 0) -> None:
    """Make a folder and prove that files can be written there, before any work is done; what killed processes left
    unfinished in it is removed.

    Args:
        folder: Folder to make and to probe. The probe file is removed again.
        needed: Bytes that must be free, 0 to ask for none.

    Raises:
        StorageError: If the folder cannot be made or written, or fewer bytes are free. Names what stands in the way.
    """
    folder = make_folder(folder)
    sweep_leftovers(folder)
    probe = temporary_path(folder)
    backend = current_backend()
    with explaining_failures(folder, needed=max(needed, 1)):
        try:
            descriptor = backend.create(probe)
            try:
                backend.write(descriptor, memoryview(b"probe"))
                backend.fsync(descriptor)
            finally:
                os.close(descriptor)
        finally:
            with suppress(FileNotFoundError):
                backend.unlink(probe)
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"not enough space: {needed:,} bytes needed, {free:,} bytes are free.",
            where=folder,
            fix="Free some space or choose another folder.",
        )


def remove_file(path: str | Path, *, truncate: bool = False) -> None:
    """Remove a file; nothing happens when there is none.

    Args:
        path: File or symbolic link. A link is removed, never what it points at.
        truncate: Empty the file first, for cloud drives whose bin keeps deleted files at full size.

    Raises:
        StorageError: If it cannot be removed.
    """
    path = Path(path)
    backend = current_backend()
    with explaining_failures(path), suppress(FileNotFoundError):
        # A file with a second name (hard link) would lose its content there too.
        status = path.lstat()
        if truncate and stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            descriptor = backend.edit(path)
            try:
                backend.truncate(descriptor, 0)
            finally:
                os.close(descriptor)
        backend.unlink(path)


def remove_tree(folder: str | Path, *, truncate: bool = False) -> None:
    """Remove a folder with all it holds; nothing happens when there is none.

    Symbolic links inside are removed, never followed.

    Args:
        folder: Folder to remove; not a symbolic link.
        truncate: Empty each file first, for cloud drives whose bin keeps deleted files at full size.

    Raises:
        StorageError: If something cannot be removed, or `folder` is a link or a file.
    """
    folder = Path(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise StorageError("this is not a folder, so it is not removed as one.", where=folder)
    with explaining_failures(folder), suppress(FileNotFoundError):
        for entry in sorted(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                remove_tree(entry, truncate=truncate)
            else:
                remove_file(entry, truncate=truncate)
        current_backend().rmdir(folder)


def remove_leftovers(folder: str | Path) -> list[str]:
    """Remove what killed processes left unfinished in a folder; call it only while holding the folder's lock.

    Returns:
        Names removed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return []
    with explaining_failures(folder):
        found = sorted(entry for entry in folder.iterdir() if is_leftover(entry.name))
    for entry in found:
        if entry.is_dir() and not entry.is_symlink():
            remove_tree(entry)
        else:
            remove_file(entry)
    return [entry.name for entry in found]


def sweep_leftovers(folder: str | Path, *, deep: bool = False) -> None:
    """Remove what killed processes left unfinished in a folder, at any time: what somebody may be writing stays.

    Args:
        folder: The folder. A missing one, and what cannot be removed, is passed over.
        deep: Look into its folders too.
    """
    entries: list[Path] = []
    with suppress(OSError):
        entries = list(Path(folder).iterdir())
    for entry in entries:
        with suppress(OSError, StorageError):
            is_folder = entry.is_dir() and not entry.is_symlink()
            if is_abandoned(entry):
                remove_tree(entry) if is_folder else remove_file(entry)
            elif is_folder and deep and not is_leftover(entry.name):
                sweep_leftovers(entry, deep=True)


def resolve_inside(root: str | Path, relative: str) -> Path:
    """The absolute path of a name found inside a file (table, recipe, manifest), kept inside its root.

    Args:
        root: Folder the name belongs to. It may itself be reached through a symbolic link.
        relative: Relative path as written in the file. Need not exist.

    Returns:
        The resolved path, with no link left in it.

    Raises:
        DataError: If the path is empty or absolute, holds ".." or a zero byte, or leads outside `root` by a link.

    Example:
        >>> resolve_inside("/data", "train/../../etc/passwd")
        Traceback (most recent call last):
        podium.errors.DataError: path 'train/../../etc/passwd' holds "..". Use paths inside /data.
    """
    path = Path(relative)
    problem = None
    if not relative or path == Path():
        problem = "is empty"
    elif "\0" in relative:
        problem = "holds a zero byte"
    elif path.is_absolute() or path.drive or path.root:
        problem = "is absolute"
    elif ".." in path.parts:
        problem = 'holds ".."'
    else:
        try:
            base = Path(root).resolve()
            resolved = (base / path).resolve()
        except (OSError, RuntimeError):  # a loop of links, a name too long to look up
            problem = "cannot be resolved"
        else:
            if resolved.is_relative_to(base):
                return resolved
            problem = "leads outside by a symbolic link"
    raise DataError(f"path {relative!r} {problem}.", fix=f"Use paths inside {root}.")
