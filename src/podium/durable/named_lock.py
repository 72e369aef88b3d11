"""A lock for file systems without locks: a file that only one process can create, taken over from the dead."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.holder import Holder, encode_holder, is_gone, locked_error, read_holder
from podium.errors import LockedError

__all__ = ["holding_named_lock"]

# Making a lock file and naming oneself in it take two steps; a nameless one this old is that of a dead process.
_NAMELESS_S = 60.0


@contextmanager
def holding_named_lock(path: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock by owning a file beside `path` during a `with` block.

    Raises:
        LockedError: If another process owns it, or one of another machine did and nobody can know whether it lives.
        StorageError: If the disk refuses.
    """
    owned = path.with_name(f"{path.name}.owner")
    with explaining_failures(owned):
        try:
            _create(owned, holder)
        except FileExistsError:
            _clear_if_stale(owned)
            try:
                _create(owned, holder)
            except FileExistsError:
                raise locked_error(owned) from None
    try:
        yield
    finally:
        if os.getpid() == holder.pid and read_holder(owned) == holder:
            with suppress(OSError):
                current_backend().unlink(owned)


def _create(owned: Path, holder: Holder) -> None:
    descriptor = current_backend().create(owned)
    try:
        current_backend().write(descriptor, memoryview(encode_holder(holder)))
    finally:
        os.close(descriptor)


def _clear_if_stale(owned: Path) -> None:
    """Remove the file of a dead process. A guard folder lets one process judge at a time.

    Without it a second process could remove the file that the first has just made in place of the stale one.
    """
    guard = owned.with_name(f"{owned.name}.takeover")
    if _is_older(guard, _NAMELESS_S):
        with suppress(OSError):
            current_backend().rmdir(guard)
    try:
        current_backend().mkdir(guard)
    except FileExistsError:
        raise locked_error(owned) from None
    try:
        found = read_holder(owned)
        if is_gone(found) if found is not None else _is_older(owned, _NAMELESS_S):
            with suppress(FileNotFoundError):
                current_backend().unlink(owned)
        elif found is not None:
            error = locked_error(owned)
            fix = f"Wait for it to end. If you are sure that it has ended, remove {owned}."
            raise LockedError(error.what, where=error.where, fix=fix)
    finally:
        current_backend().rmdir(guard)


def _is_older(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except OSError:
        return False
