"""The stack on which this thread's signals are handled, put back after a library has replaced it.

OpenVINO's CPU plugin gives the thread that loads it a signal stack of its own, for a check of the CPU, and unmaps that
memory when it goes without taking the stack back. The next Ctrl-C would be handled on memory that is gone: the process
would die of a segmentation fault (seen with OpenVINO 2026.4, 2026-11-30).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["kept_signal_stack"]

_IS_LINUX = sys.platform.startswith("linux")


class _Stack(ctypes.Structure):
    """`stack_t` of Linux's signal.h."""

    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """After the block, this thread's signals are handled where they were before it. Does nothing outside Linux."""
    before = _read() if _IS_LINUX else None
    try:
        yield
    finally:
        if before is not None:
            ctypes.CDLL(None).sigaltstack(ctypes.byref(before), None)


def _read() -> _Stack | None:
    found = _Stack()
    return found if ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found)) == 0 else None
