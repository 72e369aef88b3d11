"""Files opened for reading, and nothing else: a pipe would block for good, and a device may never end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

__all__ = ["open_regular"]

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def open_regular(path: str | Path) -> BufferedReader:
    """A file to read bytes from, through links too.

    Raises:
        OSError: If there is no such file or it cannot be read; IsADirectoryError for a folder, EINVAL for a pipe, a
            device or a socket.
    """
    path = Path(path)
    _refuse(path, path.stat())  # before it is opened: some devices do something then
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    try:
        _refuse(path, os.fstat(file.fileno()))  # and after: it may have been replaced meanwhile
    except OSError:
        file.close()
        raise
    return file


def _refuse(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "this is a pipe or a device, not a file", str(path))
