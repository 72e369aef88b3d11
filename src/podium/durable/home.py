"""Folders that are Podium's own, and what may stand in them: nothing inside is written or removed through a link.

A run folder may come from elsewhere, and a link in it could lead to any file of the user. The folder itself may be a
link, and so may every folder above it: who keeps runs or caches on another disk has made that link himself.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["CACHE_MARK", "HOME_MARKS", "refuse_linked_folder", "refuse_no_regular_file"]

CACHE_MARK = "podium-cache.txt"
"""In the folder of all caches; it tells people that everything there can be made again."""
HOME_MARKS = ("run.json", "demo.json", CACHE_MARK)
"""Files that tell a folder of Podium's that has folders inside."""
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)  # Windows' other kind of link between folders


def refuse_linked_folder(path: Path) -> None:
    """Raise OSError (ELOOP) if a folder on the way to `path` is a link that stands inside a folder of Podium's."""
    for step in path.absolute().parents:
        if _is_link(step) and any(_is_home(above) for above in step.parents):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(step))


def refuse_no_regular_file(path: Path) -> None:
    """Raise OSError if a link (ELOOP), a pipe or a device (EINVAL) has this name: a rename would replace it."""
    if _is_link(path):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "this is a pipe or a device, not a file", str(path))


def _is_home(folder: Path) -> bool:
    return any(os.path.lexists(folder / mark) for mark in HOME_MARKS)


def _is_link(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    is_junction = _JUNCTION is not None and getattr(status, "st_reparse_tag", 0) == _JUNCTION
    return stat.S_ISLNK(status.st_mode) or is_junction
