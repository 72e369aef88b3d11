"""Images of several requests computed together: as many as are there, or as come within a moment."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batcher"]

Record = dict[str, Any]
Answer = Callable[[NDArray[np.uint8]], Sequence[Record]]


@dataclass(frozen=True)
class _Asked:
    pixels: NDArray[np.uint8]
    until: float
    future: asyncio.Future[Record]


class Batcher:
    """Gathers images and has them answered by one thread, so that the event loop stays free.

    Args:
        answer: Answers prepared images (N, H, W, 3), a record each.
        batch_size: Images at most.
        wait_s: How long the first image of a batch waits for others.
        on_batch: Receives the number of images of a batch, and the seconds it took.
    """

    def __init__(
        self, answer: Answer, *, batch_size: int, wait_s: float, on_batch: Callable[[int, float], None]
    ) -> None:
        self._answer, self._batch_size, self._wait_s, self._on_batch = answer, batch_size, wait_s, on_batch
        self._waiting: deque[_Asked] = deque()
        self._news = asyncio.Event()
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="podium-engine")
        self._task = asyncio.create_task(self._run())

    async def run(self, function: Callable[[], Any]) -> Any:
        """What a function gives, called where the model is asked."""
        return await asyncio.get_running_loop().run_in_executor(self._engine, function)

    async def ask(self, pixels: NDArray[np.uint8], until: float) -> Record:
        """The answer for one prepared image (H, W, 3); not begun after `until`, in the clock of the event loop."""
        asked = _Asked(pixels, until, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._news.set()
        return await asked.future

    async def close(self) -> None:
        """Ends the thread."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._engine.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        while True:
            await self._wait_for_batch()
            batch = self._next_batch()
            if batch:
                await self._compute(batch)

    async def _wait_for_batch(self) -> None:
        """Until there is an image, and then until a batch is full or the moment is over."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        end = asyncio.get_running_loop().time() + self._wait_s
        try:
            async with asyncio.timeout_at(end):
                while len(self._waiting) < self._batch_size:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    def _next_batch(self) -> list[_Asked]:
        """The images that waited longest, without those that nobody waits for any more."""
        now = asyncio.get_running_loop().time()
        batch: list[_Asked] = []
        while self._waiting and len(batch) < self._batch_size:
            asked = self._waiting.popleft()
            if asked.future.done():
                continue
            if asked.until <= now:
                asked.future.set_exception(TimeoutError())
                continue
            batch.append(asked)
        return batch

    async def _compute(self, batch: list[_Asked]) -> None:
        started = time.perf_counter()
        pixels = np.stack([asked.pixels for asked in batch])  # (N, H, W, 3)
        try:
            records = await self.run(lambda: self._answer(pixels))
        except Exception as error:
            for asked in batch:
                if not asked.future.done():
                    asked.future.set_exception(error)
            return
        self._on_batch(len(batch), time.perf_counter() - started)
        for asked, record in zip(batch, records, strict=True):
            if not asked.future.done():
                asked.future.set_result(record)
