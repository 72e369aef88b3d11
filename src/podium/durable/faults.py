"""Backends that fail or die at the k-th operation, so that every crash point of a save can be tried."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from typing import NoReturn

from podium.durable.backend import Backend

__all__ = ["Death", "FaultyBackend", "die_at", "fail_at", "fill_disk_at", "kill_at"]

# What a full disk refuses. Shrinking and removing still work, which is how space is freed again.
_TAKES_SPACE = frozenset({"create", "edit", "write", "allocate", "mkdir", "replace"})


class Death(BaseException):
    """Stands for the end of the process: no code catches it, and no operation works after it."""


class FaultyBackend(Backend):
    """The real operations until `is_faulty` says otherwise; there, `fault` is called instead.

    A write that meets the fault leaves half of its bytes behind, as a full disk or a power cut does.

    Args:
        is_faulty: Called with the 1-based index and the name of an operation; True where it must not work.
        fault: Called at each faulty operation; must not return.

    Attributes:
        operations: Names of all operations so far, faulty ones included.
    """

    def __init__(self, is_faulty: Callable[[int, str], bool], fault: Callable[[], NoReturn]) -> None:
        self.operations: list[str] = []
        self._is_faulty = is_faulty
        self._fault = fault

    def before(self, operation: str) -> None:
        """Count the operation, and fault where it is time."""
        self.operations.append(operation)
        if self._is_faulty(len(self.operations), operation):
            self._fault()

    def write(self, descriptor: int, data: memoryview) -> int:
        """Write, or write half and fault."""
        if self._is_faulty(len(self.operations) + 1, "write") and not self._was_faulty():
            os.write(descriptor, data[: len(data) // 2])
        return super().write(descriptor, data)

    def _was_faulty(self) -> bool:
        # Only the first fault may leave something behind: the dead write nothing, and a full disk stays full.
        return any(self._is_faulty(index, name) for index, name in enumerate(self.operations, start=1))


def fail_at(k: int, code: int = errno.EIO) -> FaultyBackend:
    """A backend whose k-th operation (from 1) raises OSError with this errno; the others work."""
    return FaultyBackend(lambda index, _: index == k, lambda: _raise(OSError(code, os.strerror(code))))


def fill_disk_at(k: int) -> FaultyBackend:
    """A backend whose disk is full from the k-th operation on: nothing can be added, things can be removed."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return FaultyBackend(lambda index, name: index >= k and name in _TAKES_SPACE, lambda: _raise(full))


def die_at(k: int) -> FaultyBackend:
    """A backend that raises Death at the k-th operation and at every one after it."""
    return FaultyBackend(lambda index, _: index >= k, lambda: _raise(Death()))


def kill_at(k: int) -> FaultyBackend:
    """A backend that ends this very process with SIGKILL at the k-th operation. Use it in a child process."""

    def end() -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes no further")

    return FaultyBackend(lambda index, _: index >= k, end)


def _raise(error: BaseException) -> NoReturn:
    raise error
