"""A decode worker, spoken to through its pipes as its owner does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.images import worker_start
from podium.images.decode import decode_file
from podium.images.job import Item, Job, Stored
from podium.images.wire import (
    Record,
    Result,
    decode_results,
    encode_batch,
    encode_frame,
    encode_job,
    read_frame,
)


class Worker:
    """A worker without a keeper."""

    def __init__(self, memory_mib: int = 1024, owner: int | None = None) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-P", worker_start.__file__, str(owner or os.getpid()), str(memory_mib)]
        root = str(Path(podium.__file__).resolve().parent.parent)
        paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=environment)

    def send(self, record: Record, contents: Sequence[memoryview] = ()) -> None:
        assert self.process.stdin is not None
        for piece in encode_frame(record, *contents):
            self.process.stdin.write(piece)

    def read(self) -> tuple[Record, bytearray]:
        def read_into(buffer: memoryview) -> None:
            assert self.process.stdout is not None
            while len(buffer):
                n_read = os.readv(self.process.stdout.fileno(), [buffer])
                if n_read == 0:
                    raise EOFError
                buffer = buffer[n_read:]

        return read_frame(read_into)

    def do(self, batch: list[Item]) -> list[Result]:
        self.send(*encode_batch(batch))
        return decode_results(*self.read())

    def begin(self, job: Job, alarm_s: float = 60.0) -> None:
        assert self.read()[0] == {"ready": True}
        self.send(encode_job(job, alarm_s))

    def end(self) -> tuple[int, bytes]:
        """Exit status after its input ended, and what it wrote to standard error."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        signs = self.process.stderr.read()
        return self.process.wait(20), signs


@pytest.fixture
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    close(found)


def close(worker: Worker) -> None:
    worker.process.kill()
    worker.process.wait()
    for pipe in (worker.process.stdin, worker.process.stdout, worker.process.stderr):
        assert pipe is not None
        pipe.close()


def make_images(folder: Path, names: list[str]) -> list[Item]:
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (30, 20 + seed, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name, "PNG")
    return [(seed, str(folder / name)) for seed, name in enumerate(names)]


@pytest.mark.slow
def test_batches_are_answered_until_the_input_ends_with_a_sign_for_each_image(worker: Worker, tmp_path: Path) -> None:
    batch = [*make_images(tmp_path, ["a.png", "b.png", "c.png"]), (9, str(tmp_path / "none.png"))]
    worker.begin(Job())
    for some in (batch, batch[:1], []):
        results = worker.do(some)
        assert len(results) == len(some)
        for (_, path), result in zip(some, results, strict=True):
            expected = decode_file(path)
            assert (result.outcome, result.reason, result.facts) == (expected.outcome, expected.reason, expected.facts)
            np.testing.assert_array_equal(result.pixels, expected.pixels)  # type: ignore[union-attr, arg-type]
    assert worker.end() == (0, b"." * 5)


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_what_a_library_prints_gets_between_no_frames(tmp_path: Path) -> None:
    worker = Worker()
    worker.begin(Job(with_pixels=False))
    (result,) = worker.do(make_images(tmp_path, ["print.png"]))
    assert result.outcome == "ok"
    assert worker.end() == (0, b".")
    close(worker)


@pytest.mark.slow
def test_rows_are_written_by_the_worker_and_no_pixels_are_sent(worker: Worker, tmp_path: Path) -> None:
    batch = make_images(tmp_path, ["a.png", "b.png"])
    (tmp_path / "rows").write_bytes(bytes(2 * 27))
    worker.begin(Job(size=(3, 3), rows=str(tmp_path / "rows"), n_rows=2))
    worker.send(*encode_batch(batch))
    record, body = worker.read()
    assert body == b""
    assert all(isinstance(result, Stored) for result in decode_results(record, body))
    assert np.fromfile(tmp_path / "rows", np.uint8).any()


@pytest.mark.slow
def test_rows_that_are_gone_are_told_as_a_failure_of_storage(worker: Worker, tmp_path: Path) -> None:
    worker.begin(Job(size=(3, 3), rows=str(tmp_path / "gone"), n_rows=2))
    record, _ = worker.read()
    assert record["failure"] == "storage"
    assert str(tmp_path / "gone") in record["where"]
    assert worker.end()[0] == 0


@pytest.mark.slow
def test_ctrl_c_is_the_owners_affair(worker: Worker, tmp_path: Path) -> None:
    worker.begin(Job(with_pixels=False))
    os.kill(worker.process.pid, signal.SIGINT)
    assert worker.do(make_images(tmp_path, ["a.png"]))[0].outcome == "ok"
    assert worker.end()[0] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_a_hung_worker_is_ended_by_its_own_alarm(tmp_path: Path) -> None:
    worker = Worker()
    worker.begin(Job(), alarm_s=0.5)
    with pytest.raises(EOFError):
        worker.do(make_images(tmp_path, ["hang.png"]))
    assert worker.end() == (-signal.SIGALRM, b".")
    close(worker)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="address space limits are Linux's")
def test_memory_is_limited_on_top_of_what_the_interpreter_holds() -> None:
    worker = Worker(memory_mib=300)
    worker.begin(Job())
    limits = Path(f"/proc/{worker.process.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max address space")]
    held = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    assert held <= int(line.split()[3]) <= held + 300 * 2**20
    worker.end()
    close(worker)


def test_a_worker_whose_owner_is_gone_leaves_before_it_imports_anything() -> None:
    orphan = Worker(owner=1 if os.getpid() != 1 else 2)
    with pytest.raises(EOFError):
        orphan.read()
    assert orphan.process.wait(20) == 0
    close(orphan)
