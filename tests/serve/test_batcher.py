"""Images of one moment are computed together, and each gets its own record."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.serve.batcher import Batcher


def sums(pixels: NDArray[np.uint8]) -> list[dict[str, Any]]:
    return [{"sum": int(image.sum())} for image in pixels]


def image(value: int) -> NDArray[np.uint8]:
    return np.full((2, 2, 3), value, np.uint8)


def test_batches_are_filled_and_not_mixed_up() -> None:
    gate, sizes = threading.Event(), list[int]()

    def answer(pixels: NDArray[np.uint8]) -> list[dict[str, Any]]:
        gate.wait(60)
        return sums(pixels)

    async def ask() -> list[int]:
        batcher = Batcher(answer, batch_size=4, wait_s=0.0, on_batch=lambda n, _: sizes.append(n))
        until = asyncio.get_running_loop().time() + 60
        asked = [asyncio.create_task(batcher.ask(image(value), until)) for value in range(9)]
        await asyncio.sleep(0.05)  # the first batch has begun, with as many as fit
        gate.set()
        found = await asyncio.gather(*asked)
        await batcher.close()
        return [record["sum"] for record in found]

    assert asyncio.run(ask()) == [12 * value for value in range(9)]
    assert sum(sizes) == 9
    assert max(sizes) == 4


def test_the_first_waits_for_others_but_not_for_ever() -> None:
    sizes = list[int]()

    async def ask() -> None:
        batcher = Batcher(sums, batch_size=2, wait_s=60.0, on_batch=lambda n, _: sizes.append(n))
        until = asyncio.get_running_loop().time() + 60
        first = asyncio.create_task(batcher.ask(image(1), until))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(batcher.ask(image(2), until))
        assert [record["sum"] for record in await asyncio.gather(first, second)] == [12, 24]  # full: no minute passes
        await batcher.close()
        batcher = Batcher(sums, batch_size=2, wait_s=0.01, on_batch=lambda n, _: sizes.append(n))
        assert (await batcher.ask(image(3), until))["sum"] == 36
        await batcher.close()

    asyncio.run(ask())
    assert sizes == [2, 1]


def test_what_nobody_waits_for_is_not_computed_and_an_error_is_that_of_its_batch() -> None:
    seen = list[int]()

    def answer(pixels: NDArray[np.uint8]) -> list[dict[str, Any]]:
        seen.extend(pixels[:, 0, 0, 0].tolist())
        if 7 in seen[-len(pixels) :]:
            raise ValueError("seven")
        return sums(pixels)

    async def ask() -> None:
        batcher = Batcher(answer, batch_size=8, wait_s=0.02, on_batch=lambda _n, _s: None)
        now = asyncio.get_running_loop().time()
        gone = asyncio.create_task(batcher.ask(image(1), now + 60))
        late = asyncio.create_task(batcher.ask(image(2), now - 1))
        kept = asyncio.create_task(batcher.ask(image(3), now + 60))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await kept)["sum"] == 36
        with pytest.raises(TimeoutError):
            await late
        with pytest.raises(ValueError, match="seven"):
            await batcher.ask(image(7), now + 60)
        assert (await batcher.ask(image(4), now + 60))["sum"] == 48
        await batcher.close()

    asyncio.run(ask())
    assert seen == [3, 7, 4]
