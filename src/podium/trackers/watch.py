"""A time limit that no code can escape: the system ends this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LIMIT_CPU_S", "LIMIT_S", "watched"]

LIMIT_S = 600.0
"""Seconds for one step. Long, for a process of the lowest priority waits where others are busy, and sleep is cheap."""
LIMIT_CPU_S = 120.0
"""Seconds of the processor for one step."""
_HAS_TIMERS = hasattr(signal, "setitimer")


@contextmanager
def watched(seconds: float = LIMIT_S) -> Iterator[None]:
    """End this process, by SIGALRM or SIGPROF, where the block takes longer, whatever it hangs in."""
    if not _HAS_TIMERS:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_PROF, min(seconds, LIMIT_CPU_S))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
