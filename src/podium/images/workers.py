"""Decoding many files: in threads, or in worker processes that a hostile file may hang or crash."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Literal, get_args

from podium.errors import UnknownNameError, UsageError
from podium.images.decode import Limits
from podium.images.job import Job, do_job
from podium.images.keeper import Keeper
from podium.images.outcome import Decoded
from podium.images.resize import Fit

__all__ = ["Isolation", "decode_many"]

Isolation = Literal["process", "thread"]
_Path = str | os.PathLike[str]


def decode_many(
    paths: Iterable[_Path],
    *,
    size: tuple[int, int] | None = None,
    fit: Fit = "squash",
    target_px: int | None = None,
    with_facts: bool = True,
    with_pixels: bool = True,
    limits: Limits | None = None,
    isolation: Isolation = "process",
    n_workers: int | None = None,
    deadline_s: float = 60.0,
    memory_mib: int = 4096,
    in_order: bool = True,
) -> Iterator[tuple[int, Decoded]]:
    """The result for each path, with its index, as an iterator that holds few pictures at a time.

    Worker processes are the default, as C decoders have bugs that files from anywhere may hit: one that hangs or dies
    is replaced, its image gets the outcome TIMEOUT or CRASHED, the rest goes on. Threads are for files that an audit
    has passed: no start-up, no copy of the pixels, but a crash is the program's crash and nothing ends a hang.

    Args:
        paths: File paths as the operating system gave them; consumed as results are taken.
        size: (height, width) to resize every picture to, in the worker; None keeps each picture's own.
        fit: How to resize, see `resize_to`.
        target_px: See `decode_bytes`; the longer side of `size` where None.
        with_facts: Whether to compute facts.
        with_pixels: False hands back results without pixels, for an audit: `target_px=1` makes that cheap.
        limits: Refuse files beyond these; the defaults of `Limits` where None.
        isolation: "process" or "thread".
        n_workers: Threads or processes; the cores this process may use where None.
        deadline_s: Seconds that one image may take. Processes only.
        memory_mib: Memory that one image may take. Processes on Linux only.
        in_order: Results in the order of `paths`, or as they come.

    Yields:
        Index in `paths` and result. At most three results a worker wait to be taken.

    Raises:
        UsageError: If an option is out of range, or processes are asked for on Windows.
        PodiumError: If no worker can be started.

    Example:
        >>> [(i, result.outcome.value) for i, result in decode_many(["no.jpg", "none.png"], isolation="thread")]
        [(0, 'missing'), (1, 'missing')]
    """
    if isolation not in get_args(Isolation):
        raise UnknownNameError("isolation", isolation, get_args(Isolation))
    if isolation == "process" and os.name == "nt":
        raise UsageError("worker processes need a POSIX system.", fix="Use isolation='thread'.")
    n_workers = _count_cores() if n_workers is None else n_workers
    if n_workers < 1 or deadline_s <= 0 or memory_mib < 1:
        raise UsageError(
            f"n_workers={n_workers}, deadline_s={deadline_s}, memory_mib={memory_mib}: all must be above 0."
        )
    job = Job(limits or Limits(), target_px, with_facts, with_pixels, size, fit)
    if isolation == "thread":
        return _run(paths, lambda path: do_job(path, job), None, n_workers, in_order)
    crew = _Crew(deadline_s, memory_mib)
    return _run(paths, lambda path: crew.mine().decode(path, job), crew, n_workers, in_order)


class _Crew:
    """One keeper for each thread that asks."""

    def __init__(self, deadline_s: float, memory_mib: int) -> None:
        self._deadline_s = deadline_s
        self._memory_mib = memory_mib
        self._local = threading.local()
        self._lock = threading.Lock()
        self._keepers: list[Keeper] = []

    def mine(self) -> Keeper:
        """The keeper of the calling thread. That thread starts the worker, and on Linux the worker dies with it."""
        keeper: Keeper | None = getattr(self._local, "keeper", None)
        if keeper is None:
            keeper = self._local.keeper = Keeper(deadline_s=self._deadline_s, memory_mib=self._memory_mib)
            with self._lock:
                self._keepers.append(keeper)
        return keeper

    def stop(self) -> None:
        """Ends all workers; threads that wait for one wake up."""
        for keeper in self._keepers:
            keeper.stop()

    def close(self) -> None:
        """Takes leave of all workers, once no thread uses them."""
        for keeper in self._keepers:
            keeper.kill()


def _run(
    paths: Iterable[_Path],
    decode: Callable[[_Path], Decoded],
    crew: _Crew | None,
    n_workers: int,
    in_order: bool,
) -> Iterator[tuple[int, Decoded]]:
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="podium-decode")
    waiting: deque[tuple[int, Future[Decoded]]] = deque()
    try:
        for index, path in enumerate(paths):
            waiting.append((index, pool.submit(decode, path)))
            if len(waiting) >= 3 * n_workers:
                yield _take(waiting, in_order)
        while waiting:
            yield _take(waiting, in_order)
    finally:
        # Also when the caller stops early or is interrupted: nothing is left running.
        pool.shutdown(wait=False, cancel_futures=True)
        if crew is not None:
            crew.stop()
        pool.shutdown(wait=True)
        if crew is not None:
            crew.close()


def _take(waiting: deque[tuple[int, Future[Decoded]]], in_order: bool) -> tuple[int, Decoded]:
    if not in_order:
        done, _ = wait([future for _, future in waiting], return_when=FIRST_COMPLETED)
        while waiting[0][1] not in done:
            waiting.rotate(-1)
    index, future = waiting.popleft()
    return index, future.result()


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
