"""One model behind a door: images of a request decoded, gathered with those of others, answered by their deadline."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.deployed import DeployedModel
from podium.images import Decoded, Limits, Outcome
from podium.images.job import Job
from podium.serve.admission import Admission
from podium.serve.batcher import Batcher
from podium.serve.decoders import Decoders, UnavailableError
from podium.serve.metrics import Metrics
from podium.serve.options import ServeOptions
from podium.serve.parts import Part
from podium.serve.refusal import Refusal, refusal_of

__all__ = ["Service"]

Record = dict[str, Any]
_DECODE_SHARE = 0.5
"""Of a request's deadline, what the decoding of one image may take."""
_WARM_UP_S = 60.0


class Service:
    """Answers requests from a model. Its methods run on one event loop, on which it is started and closed.

    Args:
        model: The model.
        options: Its limits.

    Attributes:
        admission: Who is let in.
        metrics: What is counted.
        settled: Set when the model is warm, or has failed.
        failure: Why it is not warm.
    """

    def __init__(self, model: DeployedModel, options: ServeOptions) -> None:
        self.model, self.options = model, options
        self.admission = Admission(options.queue, options.max_bytes)
        self.metrics = Metrics()
        self.metrics.name_model(model.model_id, model.engine, version("podium"))
        self.settled = threading.Event()
        self.failure: BaseException | None = None

    async def start(self) -> None:
        """Start the workers, and begin to warm up."""
        options = self.options
        self._batcher = Batcher(
            self._answer,
            batch_size=options.batch_size,
            wait_s=options.batch_wait_ms / 1000,
            on_batch=self._note_batch,
        )
        self.decoders = Decoders(
            self._job(),
            options.decode_workers or _count_cores(),
            deadline_s=_DECODE_SHARE * options.deadline_s,
            memory_mib=options.decode_mib,
            on_loss=lambda _cause: self.metrics.lost_workers.inc(),
        )
        self._warming = asyncio.create_task(self._warm_up())

    async def close(self) -> None:
        """End the workers; what is not answered yet is not answered."""
        self.admission.is_draining = True
        self._warming.cancel()
        await asyncio.gather(self._warming, return_exceptions=True)
        await asyncio.to_thread(self.decoders.close)
        await self._batcher.close()

    async def wait_until_ready(self) -> None:
        """Until the model is warm.

        Raises:
            BaseException: Whatever kept it from becoming so.
        """
        await self._warming
        if self.failure is not None:
            raise self.failure

    async def predict(self, parts: Sequence[Part], until: float) -> Record:
        """The answer of a request.

        Args:
            parts: Names and contents of its images.
            until: Its deadline, in the clock of the event loop.

        Raises:
            Refusal: If it is not let in, is late, or none of its images can be decoded.
        """
        with self.admission.enter(len(parts), until - asyncio.get_running_loop().time()):
            try:
                async with asyncio.timeout_at(until):
                    found = await asyncio.gather(*(self._answer_one(data, until) for _, data in parts))
            except TimeoutError:
                raise Refusal(504, "late", "the answer was not ready within the deadline.") from None
            except UnavailableError:
                raise Refusal(503, "no_decoder", "no image can be decoded now.", retry_after_s=1) from None
        images = [{"id": name, **_entry(one)} for (name, _), one in zip(parts, found, strict=True)]
        failed = next((one for one in found if isinstance(one, Decoded)), None)
        for one in found:
            self.metrics.images.labels(one.outcome.value if isinstance(one, Decoded) else "ok").inc()
        if failed is not None and all(isinstance(one, Decoded) for one in found):
            raise refusal_of(failed.outcome, failed.reason, more={"images": images})
        return {"model_id": self.model.model_id, "images": images}

    async def _answer_one(self, data: bytes, until: float) -> Record | Decoded:
        """The record of an image, or why it cannot be decoded."""
        future = self.decoders.submit(data, within_s=until - asyncio.get_running_loop().time())
        decoded, seconds = await asyncio.wrap_future(future)
        if decoded.pixels is None:
            return decoded
        self.admission.decode_s.note(seconds / self.decoders.n_workers)
        return await self._batcher.ask(decoded.pixels, until)

    def _answer(self, pixels: NDArray[np.uint8]) -> list[Record]:
        """Records of prepared images, without names; called where the model is asked."""
        return [{key: record[key] for key in ("answers", "probs")} for record in self.model.answer(pixels)]

    def _note_batch(self, n_images: int, seconds: float) -> None:
        self.metrics.batches.observe(n_images)
        self.admission.image_s.note(seconds / n_images)

    async def _warm_up(self) -> None:
        """Compile the graph, start the workers, and measure both."""
        try:
            await self._batcher.run(self.model.warm_up)
            shape = (self.options.batch_size, *self.model.record.shape)
            started = time.perf_counter()
            await self._batcher.run(lambda: self._answer(np.zeros(shape, np.uint8)))
            self.admission.image_s.note((time.perf_counter() - started) / self.options.batch_size)
            futures = [self.decoders.submit(b"", within_s=_WARM_UP_S) for _ in range(self.decoders.n_workers)]
            await asyncio.gather(*map(asyncio.wrap_future, futures))
            self.admission.is_ready = True
        except Exception as error:
            self.failure = error
        finally:
            self.settled.set()

    def _job(self) -> Job:
        """What `DeployedModel.prepare` does, as work of a process."""
        (form, *also), options = self.model.record.forms, self.options
        limits = Limits(value_range=form.value_range)
        return Job(
            replace(limits, max_pixels=min(options.max_pixels, limits.max_pixels), max_bytes=options.max_bytes),
            with_facts=False,
            size=form.size,
            fit=form.fit,
            preprocessing=form.preprocessing,
            also=tuple(also),
        )


def _entry(one: Record | Decoded) -> Record:
    if isinstance(one, Decoded):
        return {"error": {"code": one.outcome.value, "message": one.reason or Outcome(one.outcome).value}}
    return one


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
