"""The program of a decode worker, started by `podium.images.keeper` through `worker_start.py`.

It reads a job and batches of paths from standard input and writes results to standard output until its input ends.
Standard error takes one byte for each image that it begins, so that the owner knows which one a lost worker held. It
imports numpy, Pillow and OpenCV only, so that a new one is there in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import cv2

from podium.errors import StorageError
from podium.images.failure import ShortageError
from podium.images.job import do_item
from podium.images.wire import Record, decode_batch, decode_job, encode_frame, encode_results, read_frame

__all__ = ["main"]


def main(memory_mib: int) -> None:
    """Works until standard input ends.

    Args:
        memory_mib: Memory that decoding may take on top of what the interpreter holds at start.
    """
    cv2.setNumThreads(1)
    _limit_memory(memory_mib)
    # Results and signs of life have descriptors of their own; whatever a C library prints goes nowhere.
    out, begun = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _write(out, encode_frame({"ready": True}))
    with contextlib.suppress(EOFError, BrokenPipeError):
        _work(out, begun)


def _work(out: int, begun: int) -> None:
    job, alarm_s = decode_job(read_frame(_read_into)[0])
    try:
        rows = job.open_rows()
    except StorageError as error:
        _write(out, encode_frame(_failure(error)))
        return

    def begin() -> None:
        os.write(begun, b".")
        # The kernel ends a hung worker even if its owner cannot.
        signal.setitimer(signal.ITIMER_REAL, alarm_s)

    while True:
        batch = decode_batch(*read_frame(_read_into))
        results = []
        try:
            for item in batch:
                begin()
                results.append(do_item(item, job, rows))
        except (ShortageError, StorageError) as error:
            _write(out, encode_frame(_failure(error)))
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        record, bodies = encode_results(results)
        _write(out, encode_frame(record, *bodies))


def _failure(error: ShortageError | StorageError) -> Record:
    kind = "shortage" if isinstance(error, ShortageError) else "storage"
    return {"failure": kind, "what": error.what, "where": error.where, "fix": error.fix}


def _write(out: int, pieces: list[memoryview]) -> None:
    for piece in pieces:
        while piece:
            piece = piece[os.write(out, piece) :]


def _read_into(buffer: memoryview) -> None:
    while len(buffer):
        n_read = os.readv(0, [buffer])
        if n_read == 0:
            raise EOFError
        buffer = buffer[n_read:]


def _limit_memory(memory_mib: int) -> None:
    import resource

    try:
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return  # no procfs: systems that lack it do not honour the limit either
    ceiling = in_use + memory_mib * 1024**2
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = min([ceiling, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
