"""One process at a time in a run folder, told by the operating system's own file locks.

The system lets go of such a lock when its holder ends in any way, so a lock is never stale after a kill or a reboot.
Where a file system has no locks, `named_lock.py` stands in.
"""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder, sweep_leftovers
from podium.durable.holder import Holder, describe_self, encode_holder, locked_error
from podium.durable.named_lock import holding_named_lock
from podium.durable.temporary import temporary_path
from podium.errors import LockedError

__all__ = ["LOCK_NAME", "hold_lock", "see_anew", "wait_for_lock"]

LOCK_NAME = "run.lock"
_POLL_S = 0.2
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
_LOCKED_BYTE = 1 << 30  # Windows locks bytes, and a locked byte cannot be read: take one far from the holder's record

_held: set[int] = set()


@contextmanager
def hold_lock(folder: str | Path) -> Iterator[Holder]:
    """Keep other processes from working in a folder during a `with` block. What killed ones left unfinished is removed.

    The file `run.lock` stays in the folder; while locked it tells the holder's process, machine and start.
    Forked children do not hold the lock. Files that an earlier holder made are seen, on a network drive too.

    Args:
        folder: Folder to lock; made when missing.

    Yields:
        What the lock file says about this process.

    Raises:
        LockedError: If another holder, in this process or another, has the lock. Names it.
        StorageError: If the lock file cannot be made.
    """
    path = make_folder(folder) / LOCK_NAME
    holder = describe_self()
    with explaining_failures(path):
        descriptor = _take(path)
    if descriptor is None:
        with holding_named_lock(path, holder):
            sweep_leftovers(folder)
            yield holder
        return
    try:
        with explaining_failures(path):
            _write_holder(descriptor, holder)
            see_anew(path.parent)
        sweep_leftovers(folder)
        yield holder
    finally:
        _release(descriptor, holder)


@contextmanager
def wait_for_lock(
    folder: str | Path, wait_s: float = math.inf, *, while_waiting: Callable[[LockedError], None] | None = None
) -> Iterator[Holder]:
    """As `hold_lock`, after waiting for another holder to end.

    Args:
        folder: Folder to lock; made when missing.
        wait_s: Seconds to wait at most.
        while_waiting: Called a few times a second with the error that names the holder; what it raises ends the wait.
    """
    deadline = time.monotonic() + wait_s
    with ExitStack() as stack:
        while True:
            try:
                holder = stack.enter_context(hold_lock(folder))
                break
            except LockedError as problem:
                if time.monotonic() >= deadline:
                    raise
                if while_waiting is not None:
                    while_waiting(problem)
            time.sleep(_POLL_S)
        yield holder


def _take(path: Path) -> int | None:
    """Descriptor of the locked file, None where the file system has no locks."""
    while True:
        descriptor = current_backend().edit(path)
        try:
            _lock(descriptor)
            if _is_still(descriptor, path):
                _held.add(descriptor)
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise locked_error(path) from None
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS_HERE:
                return None
            raise
        os.close(descriptor)  # the file was removed between opening and locking


def see_anew(folder: Path) -> None:
    """Have a network drive's client forget which names of a folder it took for absent: another process made some.

    NFS answers such questions from memory for seconds, and taking a lock does not change that. The server's answer to a
    new name tells the client that the folder has changed since.
    """
    path = temporary_path(folder)
    os.close(current_backend().create(path))
    current_backend().unlink(path)


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(descriptor: int, holder: Holder | None) -> None:
    current_backend().truncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    if holder is not None:
        current_backend().write(descriptor, memoryview(encode_holder(holder)))


def _release(descriptor: int, holder: Holder) -> None:
    if os.getpid() != holder.pid:  # a forked child that leaves the block; its descriptor is closed already
        return
    _held.discard(descriptor)
    with suppress(OSError):
        _write_holder(descriptor, None)
    os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(errno.EAGAIN, "locked by another process") from error
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go_in_child() -> None:
        # A data-loading worker that outlives its parent for a moment would keep the folder locked.
        for descriptor in _held:
            with suppress(OSError):
                os.close(descriptor)
        _held.clear()

    os.register_at_fork(after_in_child=_let_go_in_child)
