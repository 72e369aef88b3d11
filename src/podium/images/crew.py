"""Worker processes that share the batches of one task, and what happens when one is lost or cannot be started.

- An image whose worker died or hung is given to a successor, alone; so is the rest of its batch. If that one is lost
  too, the image has the outcome CRASHED or TIMEOUT. SIGKILL says nothing about an image and is forgiven more often.
- Where a worker cannot be started (no file descriptors, no processes, no memory), the others do its work; where there
  are none, the images are decoded in threads of this program. Either is announced once, with its cause.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from podium.durable import RowFile
from podium.errors import PodiumError
from podium.images.failure import ShortageError
from podium.images.job import Item, Job, do_item, store
from podium.images.keeper import Keeper, LostError, StartError
from podium.images.outcome import Decoded, Outcome
from podium.images.wire import Result

__all__ = ["Announce", "Crew"]

Announce = Callable[[str], None]
"""Receives one line: what went wrong and what is done about it."""

_MOST_LOSSES = 2
_MOST_MURDERS = 5
_MOST_IDLE_LOSSES = 20
# A worker costs about as much CPU to start as a few hundred small images to decode.
_WORTH_S = 0.6
_SHORTAGE_TRIES, _SHORTAGE_WAIT_S = 50, 0.1


class Crew:
    """Does batches, called from several threads at once.

    Args:
        job: What to do with every image.
        n_workers: Worker processes at most; 0 decodes in the calling threads.
        deadline_s: Seconds that one image may take. Processes only.
        memory_mib: Memory that one image may take. Processes on Linux only.
        announce: Receives a line for each loss and recovery.
    """

    def __init__(self, job: Job, n_workers: int, *, deadline_s: float, memory_mib: int, announce: Announce) -> None:
        self._job = job
        self._n_allowed = n_workers
        self._deadline_s = deadline_s
        self._memory_mib = memory_mib
        self._announce = announce
        self._change = threading.Condition()
        self._keepers: set[Keeper] = set()
        self._idle: list[Keeper] = []
        self._has_lost = False
        self._is_stopped = False
        self._rows: RowFile | None = None
        self._left_s = float("inf")

    def run(self, batch: Sequence[Item]) -> list[Result]:
        """The results of a batch, in its order."""
        results: list[Result] = []
        n_at_once, n_idle_losses = len(batch), 0
        losses, murders, causes = Counter[int](), Counter[int](), dict[int, str]()
        while len(results) < len(batch):
            part = batch[len(results) : len(results) + n_at_once]
            keeper = self._take_keeper()
            number = part[0][0]
            if keeper is None:
                # Never in this program what has ended a worker.
                results.append(self._give_up(part[0], causes[number]) if losses[number] else self._do_here(part[0]))
                continue
            try:
                results += keeper.work(part)
                self._give_back(keeper)
            except LostError as lost:
                self._note_loss(keeper, lost)
                n_at_once = 1
                if not lost.n_begun:
                    n_idle_losses += 1
                    if n_idle_losses > _MOST_IDLE_LOSSES:
                        raise PodiumError(f"decode workers end before they start an image: {lost.cause}.") from None
                    continue
                held = part[min(lost.n_begun, len(part)) - 1][0]
                (murders if lost.is_murder else losses)[held] += 1
                causes[held] = lost.cause
                if len(part) == 1 and (losses[number] >= _MOST_LOSSES or murders[number] >= _MOST_MURDERS):
                    results.append(self._give_up(part[0], lost.cause, is_hung=lost.is_hung))
            except ShortageError as error:
                self._remove(keeper)
                self._go_on_with_fewer(error.what)
            except BaseException:
                self._remove(keeper)
                raise
        return results

    def expect(self, seconds: float) -> None:
        """Take note of how much work is left for one worker, in seconds; infinite until told."""
        with self._change:
            self._left_s = seconds
            self._change.notify_all()

    def stop(self) -> None:
        """Ends all workers; threads that wait for one wake up with an error."""
        with self._change:
            self._is_stopped = True
            for keeper in self._keepers:
                keeper.stop()
            self._change.notify_all()

    def close(self, *, is_idle: bool = True) -> None:
        """Takes leave of all workers after `stop`.

        Args:
            is_idle: Whether all threads are done. One that is not may still write its row, and a descriptor that is
                closed under it could by then be another file's.
        """
        for keeper in list(self._keepers):
            keeper.kill()
        if self._rows is not None and is_idle:
            self._rows.close()

    def _take_keeper(self) -> Keeper | None:
        """A worker that is free, or a new one; None where there are none to be had."""
        while True:
            with self._change:
                while True:
                    if self._is_stopped:
                        raise PodiumError("the decode was stopped.")
                    if self._idle:
                        return self._idle.pop()
                    if self._n_allowed == 0:
                        return None
                    if len(self._keepers) < self._n_allowed and (not self._keepers or self._left_s > _WORTH_S):
                        break
                    self._change.wait()
                keeper = Keeper(self._job, deadline_s=self._deadline_s, memory_mib=self._memory_mib)
                self._keepers.add(keeper)
            try:
                keeper.start()
                return keeper
            except StartError as error:
                self._remove(keeper)
                self._go_on_with_fewer(error.cause, error.details)
            except BaseException:
                self._remove(keeper)
                raise

    def _give_back(self, keeper: Keeper) -> None:
        with self._change:
            self._idle.append(keeper)
            self._change.notify()

    def _remove(self, keeper: Keeper) -> None:
        keeper.kill()
        with self._change:
            self._keepers.discard(keeper)
            self._change.notify_all()

    def _note_loss(self, keeper: Keeper, lost: LostError) -> None:
        self._remove(keeper)
        with self._change:
            is_first, self._has_lost = not self._has_lost, True
            if self._is_stopped:
                raise PodiumError("the decode was stopped.")
        if is_first:
            self._announce(f"a decode worker was lost ({lost.cause}); another one continues with its images.")

    def _go_on_with_fewer(self, cause: str, details: Sequence[str] = ()) -> None:
        with self._change:
            if self._is_stopped:
                raise PodiumError("the decode was stopped.")
            n_left = min(self._n_allowed - 1, len(self._keepers))
            is_news, self._n_allowed = n_left < self._n_allowed, n_left
            self._change.notify_all()
        cause = "; ".join([cause.rstrip("."), *details[-1:]])
        if not is_news:
            return
        if n_left:
            self._announce(f"no further decode worker can be started ({cause}); {n_left} continue.")
        else:
            self._announce(
                f"no decode worker can be started ({cause}); images are decoded inside this program, which a damaged "
                "file that crashes a decoder would end."
            )

    def _do_here(self, item: Item) -> Result:
        for _ in range(_SHORTAGE_TRIES):
            try:
                return do_item(item, self._job, self._open_rows())
            except ShortageError:
                time.sleep(_SHORTAGE_WAIT_S)
        return do_item(item, self._job, self._open_rows())

    def _give_up(self, item: Item, cause: str, *, is_hung: bool = False) -> Result:
        number = item[0]
        outcome = Outcome.TIMEOUT if is_hung else Outcome.CRASHED
        words = f"not decoded within {self._deadline_s:g} s, twice" if is_hung else f"ended its decode worker: {cause}"
        result, rows = Decoded(None, outcome, words), self._open_rows()
        return result if rows is None else store(result, number, rows)

    def _open_rows(self) -> RowFile | None:
        with self._change:
            if self._rows is None:
                self._rows = self._job.open_rows()
            return self._rows
