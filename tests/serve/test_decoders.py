"""Workers that decode for a server: what they give, and what a lost one costs."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.images import Outcome, decode_bytes, resize_to
from podium.images.job import Job
from podium.images.keeper import Keeper, StartError
from podium.serve.decoders import Decoders, UnavailableError

pytestmark = pytest.mark.slow
JOB = Job(target_px=8, with_facts=False, size=(6, 8))


def png(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((9, 12, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def lost() -> list[str]:
    return []


@pytest.fixture
def decoders(lost: list[str]) -> Iterator[Decoders]:
    found = Decoders(JOB, 2, deadline_s=1.0, memory_mib=1024, on_loss=lost.append)
    yield found
    found.close()
    assert not found.pids


def test_contents_are_decoded_as_files_are(decoders: Decoders) -> None:
    found = [decoders.submit(png(value), within_s=60) for value in range(20)]
    for value, future in enumerate(found):
        decoded, seconds = future.result(60)
        assert decoded.pixels is not None
        assert seconds > 0
        whole = decode_bytes(png(value)).pixels
        assert whole is not None
        np.testing.assert_array_equal(decoded.pixels, resize_to(whole, 6, 8))
    assert len(decoders.pids) == 2


def test_what_is_late_or_cancelled_is_not_begun(decoders: Decoders) -> None:
    assert decoders.submit(png(1), within_s=0.0).result(60)[0].outcome is Outcome.TIMEOUT
    assert not decoders.pids


@pytest.mark.long
def test_a_hung_worker_costs_its_image_and_a_killed_one_costs_nothing(decoders: Decoders, lost: list[str]) -> None:
    for future in [decoders.submit(png(1), within_s=60) for _ in range(8)]:
        future.result(60)
    for pid in decoders.pids:
        os.kill(pid, signal.SIGSTOP)
    hung = [decoders.submit(png(2), within_s=60) for _ in range(2)]
    assert [future.result(60)[0].outcome for future in hung] == [Outcome.TIMEOUT] * 2
    assert decoders.submit(png(3), within_s=60).result(60)[0].is_ok
    assert len(lost) == 2
    before = decoders.pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    found = [decoders.submit(png(value), within_s=60).result(60)[0] for value in range(6)]
    assert all(decoded.is_ok for decoded in found)
    assert not set(before) & set(decoders.pids)
    assert not [pid for pid in before if Path(f"/proc/{pid}").exists()]


def test_a_worker_that_cannot_be_had_is_no_fault_of_the_image(
    decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Keeper) -> None:
        raise StartError("no processes left")

    monkeypatch.setattr(Keeper, "start", fail)
    with pytest.raises(UnavailableError, match="no processes left"):
        decoders.submit(png(1), within_s=60).result(60)
    monkeypatch.undo()
    assert decoders.submit(png(1), within_s=60).result(60)[0].is_ok
