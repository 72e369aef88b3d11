"""The primitive file operations every write of Podium is made of, and the one place to swap them.

Each method of `Backend` is one point where a disk can be full or a machine can lose power. Tests swap the backend for
one that fails or dies at the k-th operation (`faults.py`), so crash points are enumerated and not sampled.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.durable.home import refuse_linked_folder, refuse_no_regular_file

__all__ = ["Backend", "current_backend", "set_backend", "using_backend"]

# Binary mode matters on Windows only; close-on-exec keeps descriptors out of data-loading workers that are exec'ed.
_ALWAYS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Backend:
    """The operating system's own operations, each announced to `before` first.

    None makes, changes or removes anything through a link inside a folder of Podium's (OSError, ELOOP; see `home.py`).

    Subclasses for tests override `before` (and `write`, to leave a torn write behind), never the operations themselves.
    """

    def before(self, operation: str) -> None:
        """Called with the name of each operation before it runs; does nothing here."""

    def create(self, path: Path) -> int:
        """Descriptor of a new empty file; FileExistsError if there is one."""
        self.before("create")
        refuse_linked_folder(path)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ALWAYS, 0o666)

    def edit(self, path: Path) -> int:
        """Descriptor of a file for reading and writing in place; made when missing, never emptied.

        Raises:
            OSError: Also for a symbolic link (ELOOP), a file with a second name (EMLINK), a pipe or a device (EINVAL).
                No file that Podium did not make may be changed, whatever stands under the name.
        """
        self.before("edit")
        refuse_linked_folder(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK | _ALWAYS, 0o666)
        status = os.fstat(descriptor)
        code = errno.EMLINK if status.st_nlink > 1 else 0 if stat.S_ISREG(status.st_mode) else errno.EINVAL
        if code:
            os.close(descriptor)
            raise OSError(code, os.strerror(code), path)
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        """Number of bytes written at the current position; may be fewer than given."""
        self.before("write")
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Force a file's content to the disk."""
        self.before("fsync")
        if sys.platform == "darwin":  # plain fsync on macOS stops at the drive's cache
            import fcntl

            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)

    def fsync_dir(self, folder: Path) -> None:
        """Force a folder's list of names to the disk, so that a rename survives a power cut."""
        self.before("fsync_dir")
        if os.name == "nt":  # Windows cannot open a folder; NTFS journals the names itself
            return
        descriptor = os.open(folder, os.O_RDONLY | _ALWAYS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def allocate(self, descriptor: int, n_bytes: int) -> None:
        """Reserve disk blocks for the first `n_bytes` of a file, which grows to that size; ENOTSUP where impossible."""
        self.before("allocate")
        if not hasattr(os, "posix_fallocate"):
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        os.posix_fallocate(descriptor, 0, n_bytes)

    def truncate(self, descriptor: int, n_bytes: int) -> None:
        """Cut or grow a file to `n_bytes`."""
        self.before("truncate")
        os.ftruncate(descriptor, n_bytes)

    def replace(self, source: Path, target: Path) -> None:
        """Give `source` the name `target` in one step; a file of that name is replaced.

        Raises:
            OSError: Also for a link (ELOOP), a pipe or a device (EINVAL) of that name, which stays.
        """
        self.before("replace")
        refuse_linked_folder(source)
        refuse_linked_folder(target)
        refuse_no_regular_file(target)
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove a file or a symbolic link."""
        self.before("unlink")
        refuse_linked_folder(path)
        path.unlink()

    def mkdir(self, folder: Path) -> None:
        """Make one folder; its parent must exist."""
        self.before("mkdir")
        refuse_linked_folder(folder)
        folder.mkdir()

    def rmdir(self, folder: Path) -> None:
        """Remove one empty folder."""
        self.before("rmdir")
        refuse_linked_folder(folder)
        folder.rmdir()


_current = Backend()


def current_backend() -> Backend:
    """The backend that writes go through now."""
    return _current


def set_backend(backend: Backend) -> Backend:
    """Send all later writes of this process, from any thread, through `backend`; gives the one before."""
    global _current
    previous, _current = _current, backend
    return previous


@contextmanager
def using_backend(backend: Backend) -> Iterator[Backend]:
    """Send the writes inside a `with` block through `backend`."""
    previous = set_backend(backend)
    try:
        yield backend
    finally:
        set_backend(previous)
