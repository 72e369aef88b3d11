"""Processes that are started together: heard, stopped together, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from podium.launch import run_processes
from podium.stopping import StopRequest

LONG_S = 60.0


@pytest.fixture(autouse=True)
def _obedient_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))


def run(*requests: Mapping[str, Any], stop: StopRequest | None = None, **callbacks: Any) -> list[int]:
    callbacks.setdefault("on_message", lambda message: None)
    return run_processes("obedient", requests, stop=stop or StopRequest(), **callbacks)


@pytest.mark.slow
def test_every_message_of_every_process_is_heard() -> None:
    heard: list[int] = []
    codes = run(
        {"say": [{"n": 1}, {"n": 2}], "tear": True}, {"say": [{"n": 3}]}, on_message=lambda m: heard.append(m["n"])
    )
    assert codes == [0, 0]
    assert sorted(heard) == [1, 2, 3]


@pytest.mark.slow
def test_one_that_fails_stops_the_others() -> None:
    began = time.monotonic()
    assert run({"code": 3}, {"sleep": LONG_S}, {"sleep": LONG_S}) == [3, 75, 75]
    assert time.monotonic() - began < LONG_S


@pytest.mark.parametrize("ending", [{"kill_self": True}, {"code": 75}, {"code": 130}])
def test_one_that_is_killed_or_stopped_leaves_the_others_at_work(ending: dict[str, Any]) -> None:
    codes = run(ending, {"sleep": 1.0})
    assert codes[1] == 0
    assert codes[0] in (-signal.SIGKILL, 75, 130)


@pytest.mark.slow
def test_a_stop_is_passed_on() -> None:
    stop = StopRequest()

    def ask_for_stop() -> None:
        stop.signal = signal.SIGTERM

    assert run({"sleep": LONG_S}, {"sleep": LONG_S}, stop=stop, on_look=ask_for_stop) == [75, 75]


def test_an_error_in_a_callback_ends_all_processes(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def fail() -> None:
        if pid_file.exists() and pid_file.read_text():
            raise KeyError

    with pytest.raises(KeyError):
        run({"sleep": LONG_S, "pid_file": str(pid_file)}, on_look=fail)
    assert not is_alive(int(pid_file.read_text()))


def test_nobody_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import sys; from podium.launch import run_processes; from podium.stopping import StopRequest\n"
        "request = {'sleep': 60, 'pid_file': sys.argv[1]}\n"
        "run_processes('obedient', [request], stop=StopRequest(), on_message=print)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(pid_file)])
    try:
        wait_until(lambda: pid_file.exists() and pid_file.read_text())
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not is_alive(int(pid_file.read_text())))


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False
