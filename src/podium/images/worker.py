"""The program of a decode worker: `python -m podium.images.worker`, started by `podium.images.keeper`.

It reads jobs from standard input and writes results to standard output until its input ends. It imports numpy and
Pillow only, so that a new one is there in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

from podium.images.job import do_job
from podium.images.wire import read_job, write_frame, write_result

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main(owner: int, memory_mib: int) -> None:
    """Works until standard input ends.

    Args:
        owner: Process id of the parent; the worker leaves when it is gone.
        memory_mib: Memory that decoding may take on top of what the interpreter holds at start.
    """
    _die_with(owner)
    _limit_memory(memory_mib)
    # Results have a descriptor of their own; whatever a C library prints goes nowhere.
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    write_frame(out, {"ready": True})
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            path, job, alarm_s = read_job(_read_into)
            # The kernel ends a hung worker even if its owner cannot.
            signal.setitimer(signal.ITIMER_REAL, alarm_s)
            result = do_job(path, job)
            signal.setitimer(signal.ITIMER_REAL, 0)
            write_result(out, result)


def _read_into(buffer: memoryview) -> None:
    while len(buffer):
        n_read = os.readv(0, [buffer])
        if n_read == 0:
            raise EOFError
        buffer = buffer[n_read:]


def _die_with(owner: int) -> None:
    # Ctrl-C in a terminal reaches the whole process group; the owner decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        os._exit(0)


def _limit_memory(memory_mib: int) -> None:
    import resource

    try:
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return  # no procfs: systems that lack it do not honour the limit either
    ceiling = in_use + memory_mib * 1024**2
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
