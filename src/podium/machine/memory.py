"""How much memory this machine has, and how much of it this process may name."""

from __future__ import annotations

import ctypes
import os
import sys

from podium.machine.progress import Caution, Progress

__all__ = ["SCARCE_GIB", "address_limit_gib", "memory_gib", "scarce_memory", "warn_of_scarce_memory"]

SCARCE_GIB = 8.0
"""Below this limit of address space (`ulimit -v`) threads of torch may not start, and end the process without a word;
libraries and two threads name 4 to 5 GiB at the start, most of which is never used (November 2026)."""


def memory_gib() -> float | None:
    """Memory of this machine in GiB; None where the system does not tell."""
    if sys.platform == "win32":
        return _windows_memory_gib()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (ValueError, OSError, AttributeError):
        return None


def address_limit_gib() -> float | None:
    """The most address space that this process may have (`ulimit -v`), in GiB; None without a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit / 2**30


def scarce_memory() -> str | None:
    """What to say where the limit of address space is lower than torch needs; None where it is not."""
    limit = address_limit_gib()
    if limit is None or limit >= SCARCE_GIB:
        return None
    return (
        f"This process may have {limit:.1f} GiB of address space (ulimit -v); below {SCARCE_GIB:.0f} GiB torch may end"
        " it without an error (std::bad_alloc). Raise the limit, or limit the memory in use (of a container or a job)."
    )


def warn_of_scarce_memory(progress: Progress) -> None:
    """Say it before torch starts, while it can be said."""
    if words := scarce_memory():
        progress.note(Caution(words))


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "free", "pages", "free_pages", "virtual", "free_virtual", "x")),
    )


def _windows_memory_gib() -> float | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        return None
    return float(status.total) / 2**30
