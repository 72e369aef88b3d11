"""Two starters: exactly one wins; the dead hold nothing; forked children do not hold the lock of their parent."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from podium import durable
from podium.durable import holder as holders
from podium.durable import lock
from podium.errors import LockedError

KINDS = ("system", "named")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both kinds of lock; for the second, a file system that says it has no locks."""

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with pytest.MonkeyPatch.context() as patch:
        if request.param == "named":
            patch.setattr(lock, "_lock", refuse)
        yield request.param


def fork(action: Callable[[], int]) -> int:
    """A child process that ends with the action's result as its exit code."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        code = action()
    finally:
        os._exit(code)


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def try_lock(folder: Path, hold_until: int | None = None) -> int:
    """0 for who gets the lock, 1 for who does not. The holder waits for the pipe to close."""
    try:
        with durable.hold_lock(folder):
            if hold_until is not None:
                os.read(hold_until, 1)
            return 0
    except LockedError:
        return 1


@pytest.mark.slow
def test_who_waits_gets_the_lock_when_its_holder_ends_or_is_told_who_has_it(tmp_path: Path, kind: str) -> None:
    read_end, write_end = os.pipe()

    def hold() -> int:
        os.close(write_end)
        return try_lock(tmp_path, read_end)

    child = fork(hold)
    os.close(read_end)
    deadline = time.monotonic() + 30
    while wait(fork(lambda: try_lock(tmp_path))) == 0:
        assert time.monotonic() < deadline
    with pytest.raises(LockedError, match=f"process {child}"), durable.wait_for_lock(tmp_path, 0.3):
        pass
    freed: list[bool] = []

    def free() -> None:
        freed.append(True)
        os.close(write_end)

    timer = threading.Timer(0.5, free)
    timer.start()
    with durable.wait_for_lock(tmp_path, 30) as holder:
        assert freed == [True]
        assert holder.pid == os.getpid()
    assert wait(child) == 0


@pytest.mark.slow
def test_the_holder_is_told_and_afterwards_the_lock_is_free(tmp_path: Path, kind: str) -> None:
    with durable.hold_lock(tmp_path / "run") as holder:
        assert holder.pid == os.getpid()
        with pytest.raises(LockedError) as caught, durable.hold_lock(tmp_path / "run"):
            pass
        assert f"process {os.getpid()} on {socket.gethostname()}, since {holder.started}" in caught.value.what
        assert "this very process" in caught.value.what
        assert wait(fork(lambda: try_lock(tmp_path / "run"))) == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", holder.started)
    assert wait(fork(lambda: try_lock(tmp_path / "run"))) == 0
    with durable.hold_lock(tmp_path / "run"), durable.hold_lock(tmp_path / "other"):
        pass


def test_an_error_inside_frees_the_lock(tmp_path: Path, kind: str) -> None:
    with pytest.raises(KeyError), durable.hold_lock(tmp_path):
        raise KeyError
    with durable.hold_lock(tmp_path):
        pass


@pytest.mark.slow
def test_of_two_starters_exactly_one_wins(tmp_path: Path, kind: str) -> None:
    stale = replace(holders.describe_self(), pid=_dead_pid())
    starters = [_Starter(tmp_path) for _ in range(2)]
    for n in range(60):
        folder = tmp_path / str(n)
        if n % 2:  # every second round both find the lock of a dead process
            name = "run.lock" if kind == "system" else "run.lock.owner"
            durable.write_bytes(folder / name, holders.encode_holder(stale))
        for starter in starters:
            starter.tell(n)
        # The winner holds until both have answered, so that none gets the lock merely by being late.
        assert sorted(starter.answer() for starter in starters) == [0, 1], n
    assert [starter.end() for starter in starters] == [0, 0]


_END = bytes([255])


class _Starter:
    """A child that tries for the lock of a folder when told its number, and lets go when told the next.

    One child for all rounds: a fork of this process, which the other tests have made large, costs more than a round.
    """

    def __init__(self, root: Path) -> None:
        self._numbers, self._into = os.pipe()
        self._answers, self._from = os.pipe()
        self._child = fork(lambda: self._run(root))
        os.close(self._numbers)
        os.close(self._from)

    def _run(self, root: Path) -> int:
        os.close(self._into)
        number = os.read(self._numbers, 1)
        while number not in (b"", _END):
            with ExitStack() as held:
                try:
                    held.enter_context(durable.hold_lock(root / str(number[0])))
                    os.write(self._from, bytes([0]))
                except LockedError:
                    os.write(self._from, bytes([1]))
                number = os.read(self._numbers, 1)
        return 0

    def tell(self, number: int) -> None:
        os.write(self._into, bytes([number]))

    def answer(self) -> int:
        return os.read(self._answers, 1)[0]

    def end(self) -> int:
        os.write(self._into, _END)
        os.close(self._into)
        os.close(self._answers)
        return wait(self._child)


def _dead_pid() -> int:
    child = fork(lambda: 0)
    wait(child)
    return child


@pytest.mark.slow
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path, kind: str) -> None:
    for _ in range(5):
        out, into = os.pipe()

        def hold(into: int = into) -> int:
            with durable.hold_lock(tmp_path):
                os.write(into, b"x")
                time.sleep(60)
            return 0

        child = fork(hold)
        os.read(out, 1)
        with pytest.raises(LockedError, match=f"process {child} "), durable.hold_lock(tmp_path):
            pass
        os.kill(child, signal.SIGKILL)
        assert wait(child) == -signal.SIGKILL
        with durable.hold_lock(tmp_path):
            pass
        os.close(out)
        os.close(into)


def test_a_forked_worker_that_outlives_its_parent_does_not_hold_the_lock(tmp_path: Path, kind: str) -> None:
    out, into = os.pipe()

    def parent() -> int:
        with durable.hold_lock(tmp_path):
            fork(work)
            time.sleep(60)
        return 0

    def work() -> int:
        os.write(into, os.getpid().to_bytes(4, "big"))  # only now has it surely let go
        time.sleep(60)
        return 0

    child = fork(parent)
    worker = int.from_bytes(os.read(out, 4), "big")
    os.kill(child, signal.SIGKILL)
    wait(child)
    try:
        os.kill(worker, 0)  # it lives
        with durable.hold_lock(tmp_path):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)
        os.close(out)
        os.close(into)


def test_a_forked_child_that_leaves_the_block_does_not_free_the_lock(tmp_path: Path, kind: str) -> None:
    with durable.hold_lock(tmp_path) as holder:
        child = os.fork()
        if child == 0:
            lock_file = tmp_path / ("run.lock" if kind == "system" else "run.lock.owner")
            before = lock_file.read_bytes()
            context = lock._release if kind == "system" else None
            if context is not None:
                context(-1, holder)
            os._exit(0 if lock_file.read_bytes() == before else 1)
        assert wait(child) == 0
        assert wait(fork(lambda: try_lock(tmp_path))) == 1


@pytest.mark.slow
def test_another_program_is_kept_out_too(tmp_path: Path) -> None:
    code = "import sys; from podium import durable\nwith durable.hold_lock(sys.argv[1]): pass"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with durable.hold_lock(tmp_path):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "LockedError" in refused.stderr
    assert f"process {os.getpid()}" in refused.stderr
    assert subprocess.run(command, check=False).returncode == 0


def test_a_lock_file_that_was_removed_while_waiting_is_not_believed(tmp_path: Path) -> None:
    """The winner must hold the file that has the name, not one that was removed after it was opened."""

    class Removing(durable.Backend):
        n_edits = 0

        def edit(self, path: Path) -> int:
            descriptor = super().edit(path)
            self.n_edits += 1
            if self.n_edits == 1:
                path.unlink()
            return descriptor

    with durable.using_backend(Removing()), durable.hold_lock(tmp_path):
        assert wait(fork(lambda: try_lock(tmp_path))) == 1


def test_who_takes_a_lock_changes_the_folder_so_that_a_network_drive_is_asked_anew(tmp_path: Path) -> None:
    with durable.hold_lock(tmp_path):
        pass
    before = tmp_path.stat().st_mtime_ns
    with durable.hold_lock(tmp_path):
        assert tmp_path.stat().st_mtime_ns > before
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]
