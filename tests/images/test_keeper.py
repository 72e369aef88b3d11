"""One worker and its keeper: what is told of a worker that is lost, and that none is left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.errors import StorageError
from podium.images.decode import decode_file
from podium.images.job import Item, Job
from podium.images.keeper import Keeper, LostError, StartError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no workers on Windows")


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    found = Keeper(Job(), deadline_s=1.0, memory_mib=1024)
    yield found
    found.kill()


def make_images(folder: Path, names: list[str]) -> list[Item]:
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (30, 20 + seed, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name, "PNG")
    return [(seed, str(folder / name)) for seed, name in enumerate(names)]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_batches_are_done_one_after_the_other_and_killing_leaves_nobody(keeper: Keeper, tmp_path: Path) -> None:
    batch = make_images(tmp_path, ["a.png", "b.png"])
    assert keeper.pid is None
    keeper.start()
    pid = keeper.pid
    for some in (batch, batch[1:]):
        for (_, path), result in zip(some, keeper.work(some), strict=True):
            np.testing.assert_array_equal(result.pixels, decode_file(path).pixels)  # type: ignore[union-attr, arg-type]
    assert keeper.pid == pid
    keeper.kill()
    keeper.kill()
    assert keeper.pid is None
    assert pid is not None
    assert is_gone(pid)


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
@pytest.mark.parametrize(
    ("name", "cause", "is_hung"),
    [("crash.png", "SIGSEGV", False), ("exit.png", "exit status 7", False), ("hang.png", "hung for 1 s", True)],
)
def test_a_lost_worker_is_told_with_its_cause_and_the_image_it_held(
    keeper: Keeper, tmp_path: Path, name: str, cause: str, is_hung: bool
) -> None:
    batch = make_images(tmp_path, ["a.png", "b.png", name, "c.png"])
    keeper.start()
    pid = keeper.pid
    keeper.work(batch[:1])  # images of an earlier batch are not counted
    with pytest.raises(LostError) as caught:
        keeper.work(batch)
    lost = caught.value
    assert (lost.cause, lost.n_begun, lost.is_hung, lost.is_murder) == (cause, 3, is_hung, False)
    assert pid is not None
    assert is_gone(pid)
    assert keeper.pid is None


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_the_deadline_is_an_images_not_a_batchs(tmp_path: Path, sabotaged: Path) -> None:
    (sabotaged / "sitecustomize.py").write_text(
        "import time\nimport podium.images.job as job\nreal = job.decode_file\n"
        "def slow(path, **options):\n    time.sleep(0.3)\n    return real(path, **options)\njob.decode_file = slow\n"
    )
    keeper = Keeper(Job(with_pixels=False), deadline_s=1.5, memory_mib=1024)
    keeper.start()
    try:
        started = time.monotonic()
        assert len(keeper.work(make_images(tmp_path, [f"{i}.png" for i in range(7)]))) == 7
        assert time.monotonic() - started > 1.5
    finally:
        keeper.kill()


@pytest.mark.slow
def test_a_worker_killed_while_it_waits_had_begun_nothing(keeper: Keeper, tmp_path: Path) -> None:
    batch = make_images(tmp_path, ["a.png"])
    keeper.start()
    keeper.work(batch)
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGKILL)
    with pytest.raises(LostError) as caught:
        keeper.work(batch)
    assert (caught.value.cause, caught.value.n_begun, caught.value.is_murder) == ("SIGKILL", 0, True)
    with pytest.raises(LostError, match="it was stopped"):
        keeper.work(batch)


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_stop_wakes_the_thread_that_waits(tmp_path: Path) -> None:
    keeper = Keeper(Job(), deadline_s=60, memory_mib=1024)
    keeper.start()
    (item,) = make_images(tmp_path, ["hang.png"])
    caught: list[LostError] = []

    def work() -> None:
        try:
            keeper.work([item])
        except LostError as lost:
            caught.append(lost)

    thread = threading.Thread(target=work)
    thread.start()
    mark = tmp_path / "hang.png.pid"
    end = time.monotonic() + 30
    while not mark.exists() and time.monotonic() < end:
        time.sleep(0.02)
    keeper.stop()
    thread.join(10)
    keeper.kill()
    assert caught[0].cause == "SIGKILL"


@pytest.mark.slow
def test_failures_of_storage_pass_with_their_words(tmp_path: Path) -> None:
    keeper = Keeper(Job(size=(2, 2), rows=str(tmp_path / "gone"), n_rows=1), deadline_s=9, memory_mib=1024)
    keeper.start()
    with pytest.raises(StorageError) as caught:
        keeper.work(make_images(tmp_path, ["a.png"]))
    assert str(tmp_path / "gone") in str(caught.value.where)
    assert caught.value.fix
    assert keeper.pid is None


def test_a_worker_that_cannot_begin_says_why(keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, b'first\\nthe disk is on fire')\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(StartError) as caught:
        keeper.start()
    assert caught.value.cause == "exit status 3"
    assert list(caught.value.details) == ["first", "the disk is on fire"]
    assert keeper.pid is None


def test_a_system_without_processes_is_the_cause(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(StartError) as caught:
        keeper.start()
    assert caught.value.cause == "resource temporarily unavailable"


@pytest.mark.slow
@pytest.mark.parametrize(("n_killed", "starts"), [(2, True), (3, False)])
def test_a_worker_killed_while_it_starts_gets_successors(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_killed: int, starts: bool
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, pathlib\n"
        f"marks = list(pathlib.Path({str(tmp_path)!r}).glob('*.mark'))\n"
        f"if len(marks) < {n_killed}:\n"
        f"    pathlib.Path({str(tmp_path)!r}, f'{{len(marks)}}.mark').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if starts:
        keeper.start()
        assert keeper.pid is not None
    else:
        with pytest.raises(StartError, match="SIGKILL"):
            keeper.start()


@pytest.mark.slow
def test_modules_in_the_users_folder_take_no_place_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "cv2.py", "podium.py"):
        (tmp_path / name).write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    keeper = Keeper(Job(), deadline_s=9, memory_mib=1024)
    try:
        keeper.start()
        assert keeper.pid is not None
    finally:
        keeper.kill()
