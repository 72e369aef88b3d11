"""Threads that do batches of images, handed out as they become free, taken back with a heartbeat."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from itertools import islice
from queue import SimpleQueue

from podium.images.crew import Crew
from podium.images.job import Item
from podium.images.wire import Result

__all__ = ["run_in_lanes"]

_HEARTBEAT_S = 0.5
_LAST_WORDS_S = 5.0
_WAITING_BATCHES = 3
# A batch is this long, so that talk costs little beside it and a stop loses little.
_BATCH_S = 0.05
_MOST_IMAGES = 64
# What an image takes, as long as none is known: a guess that small sets start one worker by.
_GUESS_S = 0.002

Batch = list[Item]


def run_in_lanes(
    items: Iterable[Item], crew: Crew, n_lanes: int, *, in_order: bool, one_by_one: bool, n_items: int | None
) -> Generator[list[tuple[Item, Result]], None, None]:
    """The results of all items, some at a time; an empty list at least twice a second while there are none.

    Whatever ends this generator ends the workers too.

    Args:
        items: Consumed as results are taken.
        crew: Does the work. It is stopped and closed in the end.
        n_lanes: Batches done at a time.
        in_order: Results in the order of `items`, or as they come.
        one_by_one: Batches of one image, for results that hold pixels.
        n_items: Length of `items` where known.
    """
    lanes, pace = _Lanes(crew, n_lanes), _Pace(crew, n_lanes, n_items, one_by_one=one_by_one)
    waiting: deque[tuple[Batch, Future[list[Result]]]] = deque()
    source = iter(items)
    try:
        while True:
            while len(waiting) < _WAITING_BATCHES * n_lanes and (batch := list(islice(source, pace.next_length()))):
                waiting.append((batch, lanes.submit(batch, pace)))
            if not waiting:
                return
            ready = [waiting[0][1]] if in_order else [future for _, future in waiting]
            done, _ = wait(ready, _HEARTBEAT_S, FIRST_COMPLETED)
            if not done:
                yield []
                continue
            while waiting[0][1] not in done:
                waiting.rotate(-1)
            batch, future = waiting.popleft()
            yield list(zip(batch, future.result(), strict=True))
    finally:
        # Also when the caller stops early or is interrupted: nothing is left running.
        for _, future in waiting:
            future.cancel()
        crew.stop()
        crew.close(is_idle=lanes.close())


class _Pace:
    """How long batches should be, by how long images took."""

    def __init__(self, crew: Crew, n_lanes: int, n_items: int | None, *, one_by_one: bool) -> None:
        self._crew = crew
        self._n_left = n_items
        # Near the end no lane should wait long for the last one.
        self._most = 1 if one_by_one else _MOST_IMAGES
        if n_items is not None:
            self._most = min(self._most, max(1, n_items // (4 * n_lanes)))
        self._image_s: float | None = None
        self._lock = threading.Lock()
        self._expect()

    def next_length(self) -> int:
        """Images for the next batch."""
        if self._image_s is None:
            return 1
        return max(1, min(self._most, int(_BATCH_S / max(self._image_s, 1e-6))))

    def note(self, n_images: int, seconds: float) -> None:
        """Learn from a batch."""
        each_s = seconds / n_images
        with self._lock:
            self._image_s = each_s if self._image_s is None else 0.8 * self._image_s + 0.2 * each_s
            if self._n_left is not None:
                self._n_left -= n_images
            self._expect()

    def _expect(self) -> None:
        if self._n_left is not None:
            self._crew.expect(self._n_left * (_GUESS_S if self._image_s is None else self._image_s))


class _Lanes:
    """Up to `n_lanes` threads that take batches from one queue. Without any, the caller does the work itself."""

    def __init__(self, crew: Crew, n_lanes: int) -> None:
        self._crew = crew
        self._n_lanes = n_lanes
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[tuple[Batch, Future[list[Result]], _Pace] | None] = SimpleQueue()

    def submit(self, batch: Batch, pace: _Pace) -> Future[list[Result]]:
        """The results to come."""
        if len(self._threads) < self._n_lanes:
            self._add_thread()
        future: Future[list[Result]] = Future()
        if self._threads:
            self._queue.put((batch, future, pace))
        else:
            _do(self._crew, batch, future, pace)
        return future

    def close(self) -> bool:
        """Waits for the threads, which the crew's stop has told to end; whether they did.

        Without workers, a thread may be inside a decoder that hangs. It must not keep the program from ending.
        """
        for _ in self._threads:
            self._queue.put(None)
        end = time.monotonic() + _LAST_WORDS_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="podium-decode", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads for this user
            self._n_lanes = len(self._threads)
        else:
            self._threads.append(thread)

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            batch, future, pace = task
            _do(self._crew, batch, future, pace)


def _do(crew: Crew, batch: Batch, future: Future[list[Result]], pace: _Pace) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        started = time.monotonic()
        results = crew.run(batch)
        pace.note(len(batch), time.monotonic() - started)
    except BaseException as error:
        with suppress(Exception):
            future.set_exception(error)
    else:
        future.set_result(results)
