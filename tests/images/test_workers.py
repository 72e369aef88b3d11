"""Many files, in threads and in worker processes that are killed, hung and starved on purpose."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.errors import StorageError, UnknownNameError, UsageError
from podium.images import Isolation, Outcome, decode_file, decode_into_rows, decode_many, resize_to


def make_images(folder: Path, names: list[str]) -> list[Path]:
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (30, 20 + seed, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name, "PNG")
    return [folder / name for name in names]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie is dead, and only waits for its parent to look.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_dead(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize("in_order", [True, False])
def test_gives_what_decode_file_gives(tmp_path: Path, isolation: Isolation, in_order: bool) -> None:
    paths = make_images(tmp_path, [f"{i}.png" for i in range(10)])
    (tmp_path / "empty.png").touch()
    paths += [tmp_path / "empty.png", tmp_path / "missing.png"]
    results = list(decode_many(iter(paths), isolation=isolation, n_workers=2, in_order=in_order))
    assert sorted(index for index, _ in results) == list(range(12))
    if in_order:
        assert [index for index, _ in results] == list(range(12))
    for index, result in results:
        expected = decode_file(paths[index])
        assert (result.outcome, result.reason, result.facts) == (expected.outcome, expected.reason, expected.facts)
        np.testing.assert_array_equal(result.pixels, expected.pixels)  # type: ignore[arg-type]
        assert result.pixels is None or result.pixels.flags.writeable


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_size_facts_and_pixels_can_be_chosen(tmp_path: Path, isolation: Isolation) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    ((_, result),) = decode_many([path], size=(8, 9), fit="pad", with_facts=False, isolation=isolation, n_workers=1)
    pixels = decode_file(path).pixels
    assert pixels is not None
    np.testing.assert_array_equal(result.pixels, resize_to(pixels, 8, 9, "pad"))
    assert result.facts is None
    ((_, result),) = decode_many([path], with_pixels=False, isolation=isolation, n_workers=1)
    assert result.outcome is Outcome.OK
    assert result.pixels is None
    assert result.facts == decode_file(path).facts


@pytest.mark.slow
def test_odd_names_reach_a_worker(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xe9 \n,\"'\xf0\x9f\x90\x99.png")
    try:
        (path,) = make_images(tmp_path, [name])
    except OSError:
        pytest.skip("this file system refuses the name")
    ((_, result),) = decode_many([path], n_workers=1)
    assert result.is_ok


@pytest.mark.long
@pytest.mark.usefixtures("sabotaged")
def test_crashes_and_hangs_cost_one_image_each(tmp_path: Path) -> None:
    names = ["0.png", "crash.png", "1.png", "hang.png", "exit.png", "crash-once.png", "print.png", "2.png"]
    paths = make_images(tmp_path, names)
    results = dict(decode_many(paths, n_workers=2, deadline_s=1.5))
    outcomes = {name: results[i].outcome for i, name in enumerate(names)}
    bad = {"crash.png": Outcome.CRASHED, "hang.png": Outcome.TIMEOUT, "exit.png": Outcome.CRASHED}
    assert outcomes == {name: bad.get(name, Outcome.OK) for name in names}
    assert "SIGSEGV" in results[1].reason
    assert "1.5 s" in results[3].reason
    assert "exit status 7" in results[4].reason
    assert not is_alive(int((tmp_path / "hang.png.pid").read_text()))


@pytest.mark.long
@pytest.mark.usefixtures("sabotaged")
def test_rows_of_lost_images_are_zeros_and_all_others_are_there(tmp_path: Path) -> None:
    names = ["0.png", "crash.png", "1.png", "hang.png", "exit.png", "crash-once.png", "print.png", "2.png"]
    items = list(enumerate(make_images(tmp_path, names)))
    file = tmp_path / "rows"
    file.write_bytes(b"x" * 8 * 5 * 6 * 3)
    said: list[str] = []
    stored = {
        result.row: result
        for some in decode_into_rows(
            items, file, 8, n_items=8, size=(5, 6), n_workers=2, deadline_s=1.5, announce=said.append
        )
        for result in some
    }
    bad = {"crash.png": Outcome.CRASHED, "hang.png": Outcome.TIMEOUT, "exit.png": Outcome.CRASHED}
    assert {names[row]: stored[row].outcome for row in stored} == {name: bad.get(name, Outcome.OK) for name in names}
    rows = np.fromfile(file, np.uint8).reshape(8, 5, 6, 3)
    for row, path in items:
        pixels = decode_file(path).pixels
        assert pixels is not None
        expected = np.zeros((5, 6, 3)) if names[row] in bad else resize_to(pixels, 5, 6)
        np.testing.assert_array_equal(rows[row], expected)
        assert stored[row].crc32 == zlib.crc32(rows[row])
        assert stored[row].facts == (None if names[row] in bad else decode_file(path).facts)
    assert len(said) == 1
    assert "lost" in said[0]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="address space limits are Linux's")
def test_memory_limit_is_an_outcome(tmp_path: Path) -> None:
    Image.new("RGB", (7000, 7000)).save(tmp_path / "large.png")
    paths = [tmp_path / "large.png", *make_images(tmp_path, ["small.png"])]
    outcomes = [result.outcome for _, result in decode_many(paths, n_workers=1, memory_mib=100)]
    assert outcomes == [Outcome.OUT_OF_MEMORY, Outcome.OK]


def test_input_is_read_no_further_than_needed(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    n_read = 0

    def endless() -> Iterator[Path]:
        nonlocal n_read
        while True:
            n_read += 1
            yield path

    results = decode_many(endless(), isolation="thread", n_workers=2)
    for _ in range(10):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert n_read <= 10 + 3 * 2


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_stopping_early_ends_the_workers_even_if_they_hang(tmp_path: Path) -> None:
    paths = make_images(tmp_path, ["0.png", "hang.png", *(f"{i}.png" for i in range(1, 9))])
    results = decode_many(paths, n_workers=1, deadline_s=60)
    next(results)
    mark = tmp_path / "hang.png.pid"
    end = time.monotonic() + 20
    while not (mark.exists() and mark.read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    started = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 10
    assert not is_alive(int(mark.read_text()))


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
@pytest.mark.parametrize("name", ["hang.png", "idle.png"])
def test_no_orphans_after_the_owner_is_killed(tmp_path: Path, name: str) -> None:
    (path,) = make_images(tmp_path, [name])
    code = (
        "import sys, time\n"
        "from podium.images.keeper import Keeper\n"
        "from podium.images.job import Job\n"
        "keeper = Keeper(Job(), deadline_s=60, memory_mib=1024)\n"
        "keeper.start()\n"
        "if 'idle' in sys.argv[1]:\n"
        "    keeper.work([(0, sys.argv[1])])\n"
        "    open(sys.argv[1] + '.pid', 'w').write(str(keeper.pid))\n"
        "    time.sleep(60)\n"
        "keeper.work([(0, sys.argv[1])])\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, str(path)])
    mark = Path(f"{path}.pid")
    try:
        end = time.monotonic() + 30
        while not (mark.exists() and mark.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        worker = int(mark.read_text())
        assert is_alive(worker)
    finally:
        owner.kill()
        owner.wait()
    assert wait_until_dead(worker, 5)


def test_where_no_worker_can_start_threads_decode_and_the_cause_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = make_images(tmp_path, [f"{i}.png" for i in range(9)])
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, b'the disk is on fire')\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[str] = []
    results = list(decode_many(paths, n_workers=3, announce=said.append))
    assert [result.outcome for _, result in results] == [Outcome.OK] * 9
    assert all("exit status 3" in line for line in said)
    assert "the disk is on fire" in said[-1]
    assert "inside this program" in said[-1]


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.EMFILE, errno.EAGAIN, errno.ENOMEM])
def test_fewer_workers_where_the_system_gives_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    paths = make_images(tmp_path, [f"{i}.png" for i in range(40)])
    real, started = subprocess.Popen, []

    def start(*args: object, **options: object) -> object:
        if started:
            raise OSError(code, os.strerror(code))
        started.append(1)
        return real(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    said: list[str] = []
    results = list(decode_many(iter(paths), n_workers=3, announce=said.append))
    assert [result.outcome for _, result in results] == [Outcome.OK] * 40
    assert said
    assert all(os.strerror(code)[1:] in line for line in said)
    assert "1 continue" in said[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_what_ended_a_worker_is_never_decoded_in_this_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_images(tmp_path, ["crash.png", "a.png"])
    real, started = subprocess.Popen, []

    def start(*args: object, **options: object) -> object:
        if started:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        started.append(1)
        return real(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    said: list[str] = []
    results = list(decode_many(paths, n_workers=1, announce=said.append))
    assert [result.outcome for _, result in results] == [Outcome.CRASHED, Outcome.OK]
    assert len(said) == 2


def test_without_threads_the_caller_does_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_images(tmp_path, ["a.png", "b.png"])

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [result.outcome for _, result in decode_many(paths, isolation="thread")] == [Outcome.OK] * 2


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_a_heartbeat_comes_while_an_image_hangs(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, ["hang.png"])
    (tmp_path / "rows").write_bytes(bytes(12))
    results = decode_into_rows([(0, path)], tmp_path / "rows", 1, n_items=1, size=(2, 2), deadline_s=60)
    started = time.monotonic()
    for _ in range(3):
        assert next(results) == []
    assert time.monotonic() - started < 10
    results.close()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_file_of_rows_that_is_gone_is_an_error(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    for isolation in ("process", "thread"):
        with pytest.raises(StorageError, match="rows"):
            list(
                decode_into_rows(
                    [(0, path)],
                    tmp_path / "rows",
                    1,
                    n_items=1,
                    size=(2, 2),
                    isolation=isolation,  # type: ignore[arg-type]
                )
            )


@pytest.mark.slow
def test_a_disk_that_refuses_a_row_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_images(tmp_path, ["a.png", "b.png"])
    (tmp_path / "rows").write_bytes(bytes(24))
    code = "import errno, os\ndef pwrite(*_): raise OSError(errno.EIO, os.strerror(errno.EIO))\nos.pwrite = pwrite\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(StorageError, match="rows: the disk reported an input/output error"):
        list(decode_into_rows(enumerate(paths), tmp_path / "rows", 2, n_items=2, size=(2, 2)))


def test_a_decoder_that_hangs_in_a_thread_does_not_keep_a_stop_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = make_images(tmp_path, ["a.png", "b.png"])
    (tmp_path / "rows").write_bytes(bytes(24))
    end = threading.Event()
    monkeypatch.setattr("podium.images.job.decode_file", lambda *_, **__: end.wait())
    monkeypatch.setattr("podium.images.lanes._LAST_WORDS_S", 0.2)
    results = decode_into_rows(
        enumerate(paths), tmp_path / "rows", 2, n_items=2, size=(2, 2), isolation="thread", n_workers=2
    )
    assert next(results) == []
    started = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 5
    end.set()


@pytest.mark.slow
def test_modules_in_the_current_folder_do_not_reach_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    (tmp_path / "numpy.py").write_text("raise SystemExit('wrong numpy')")
    monkeypatch.chdir(tmp_path)
    ((_, result),) = decode_many([path], n_workers=1)
    assert result.is_ok


def test_wrong_arguments() -> None:
    with pytest.raises(UnknownNameError, match="thread"):
        decode_many([], isolation="threads")  # type: ignore[arg-type]
    for wrong in ({"n_workers": 0}, {"deadline_s": 0}, {"memory_mib": 0}):
        with pytest.raises(UsageError):
            decode_many([], **wrong)  # type: ignore[arg-type]


@pytest.mark.shared
@pytest.mark.long
def test_hostile_files_through_workers(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    paths = []
    with tarfile.open(shared_data("broken_images") / "broken_images.tar.xz") as archive:
        for number, member in enumerate(m for m in archive if m.isfile()):
            if number % 12:  # all 9,015 are the soak's
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            path = tmp_path / f"{number}.bin"
            path.write_bytes(stream.read())
            paths.append(path)
    results = decode_many(paths, n_workers=2, deadline_s=30, memory_mib=2048, with_pixels=False)
    counts = Counter(result.outcome for _, result in results)
    assert counts.total() == len(paths) == 752
    assert counts[Outcome.TIMEOUT] == counts[Outcome.CRASHED] == 0
