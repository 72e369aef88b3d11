"""Decoding for a server: worker processes that may be killed one by one, each kept by a thread of its own.

A file that hangs or ends its worker costs that worker, which is replaced, and its own answer; a worker that somebody
else killed costs nothing, for the image is given to the next one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from podium.images import Decoded, Outcome, ShortageError
from podium.images.job import Job
from podium.images.keeper import Keeper, LostError, StartError

__all__ = ["Decoders", "UnavailableError"]

_MOST_MURDERS = 3
_JOIN_S = 5.0


Timed = tuple[Decoded, float]
"""A result, and the seconds that it took."""


class UnavailableError(Exception):
    """No worker can be had now, which says nothing about the image."""


@dataclass(frozen=True)
class _Task:
    data: bytes
    until: float
    future: Future[Timed] = field(default_factory=Future)


class Decoders:
    """Worker processes that decode what is submitted, in its order.

    Args:
        job: What to do with every image.
        n_workers: Processes.
        deadline_s: Seconds that one image may take.
        memory_mib: Memory that one image may take.
        on_loss: Receives why a worker was lost.
    """

    def __init__(
        self, job: Job, n_workers: int, *, deadline_s: float, memory_mib: int, on_loss: Callable[[str], None]
    ) -> None:
        self._job, self._deadline_s, self._memory_mib, self._on_loss = job, deadline_s, memory_mib, on_loss
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._keepers: dict[int, Keeper | None] = dict.fromkeys(range(n_workers))
        self._threads = [
            threading.Thread(target=self._work, args=(place,), name="podium-decode", daemon=True)
            for place in self._keepers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def n_workers(self) -> int:
        """Processes, once all have started."""
        return len(self._threads)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are there."""
        found = [keeper.pid for keeper in list(self._keepers.values()) if keeper is not None]
        return [pid for pid in found if pid is not None]

    def submit(self, data: bytes, *, within_s: float) -> Future[Timed]:
        """The result to come; cancelled work, and work whose time is over when its turn comes, is not begun.

        Args:
            data: The content of a file.
            within_s: Seconds after which nobody waits for it any more.
        """
        task = _Task(data, time.monotonic() + within_s)
        self._tasks.put(task)
        return task.future

    def close(self) -> None:
        """Ends all workers."""
        for _ in self._threads:
            self._tasks.put(None)
        for keeper in list(self._keepers.values()):
            if keeper is not None:
                keeper.stop()
        end = time.monotonic() + _JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self, place: int) -> None:
        while (task := self._tasks.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                started = time.monotonic()
                decoded = self._decode(place, task)
                task.future.set_result((decoded, time.monotonic() - started))
            except BaseException as error:
                task.future.set_exception(error)
        self._dismiss(place)

    def _decode(self, place: int, task: _Task) -> Decoded:
        if time.monotonic() >= task.until:
            return Decoded(None, Outcome.TIMEOUT, "its time was over before it was decoded")
        for _ in range(_MOST_MURDERS):
            try:
                keeper = self._keepers[place] or self._hire(place)
                result = keeper.work([(0, task.data)])[0]
                assert isinstance(result, Decoded)
                return result
            except LostError as lost:
                self._dismiss(place)
                self._on_loss(lost.cause)
                if lost.is_hung:
                    return Decoded(None, Outcome.TIMEOUT, f"not decoded within {self._deadline_s:g} s")
                if lost.n_begun and not lost.is_murder:
                    return Decoded(None, Outcome.CRASHED, f"ended its decode worker: {lost.cause}")
            except (StartError, ShortageError) as error:
                self._dismiss(place)
                raise UnavailableError(str(error)) from error
        raise UnavailableError("decode workers are being killed")

    def _hire(self, place: int) -> Keeper:
        keeper = Keeper(self._job, deadline_s=self._deadline_s, memory_mib=self._memory_mib)
        self._keepers[place] = keeper
        keeper.start()
        return keeper

    def _dismiss(self, place: int) -> None:
        keeper, self._keepers[place] = self._keepers[place], None
        if keeper is not None:
            keeper.kill()
