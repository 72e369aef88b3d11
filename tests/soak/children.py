"""Children that do an errand in a process of their own, forked from one that has everything imported."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Child", "start"]

TOO_LONG_S = 120.0
"""A child that takes longer is ended; nothing here takes a tenth of it."""


class _Server:
    def __init__(self) -> None:
        tests = str(Path(__file__).resolve().parent.parent)
        places = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": places}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.folder = Path(tempfile.mkdtemp(prefix="podium-soak-"))
        self.n_children = 0
        assert self._read() == "ready"

    def ask(self, *request: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks children has ended")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server


class Child:
    """A process that does one errand.

    Attributes:
        pid: Its process id.
        code: Its exit code once it has ended, negative for the signal that ended it.
    """

    def __init__(self, pid: int, said: Path) -> None:
        assert pid > 1, f"not a process of ours: {pid}"
        self.pid = pid
        self.code: int | None = None
        self._said = said

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.code is None:
            self.code = _server().ask("ask", self.pid)
        return self.code

    def send(self, number: int) -> bool:
        """Send a signal; whether the child still ran."""
        if self.poll() is not None:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return True

    def release(self) -> None:
        """Open the gate it waits at."""
        os.kill(self.pid, signal.SIGUSR1)

    def wait(self, seconds: float = TOO_LONG_S) -> int:
        """Its exit code; TimeoutError, and its end, if it takes too long."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
                while self.poll() is None:
                    time.sleep(0.01)
                raise TimeoutError(f"it did not end within {seconds:g} s:\n{self.said[-500:]}")
            time.sleep(0.004)
        return code

    def catches(self, number: int) -> bool:
        """Whether it has a handler for a signal (Linux tells)."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
        return False

    @property
    def said(self) -> str:
        """All it printed."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    @property
    def answer(self) -> dict[str, Any]:
        """What its errand gave, under "value", or the record of Podium's error; empty where it was killed."""
        path = self._said.with_suffix(".json")
        words = path.read_bytes().rstrip(b"\0") if path.exists() else b""
        answer: dict[str, Any] = json.loads(words) if words else {}
        return answer

    @property
    def last_line(self) -> str:
        """The end of what it said, for a figure's failures."""
        lines = self.said.strip().splitlines()
        return lines[-1] if lines else str(self.answer.get("what", "(nothing)"))


def start(errand: str, *arguments: Any, at: Path, is_gated: bool = False, terminal: str | None = None) -> Child:
    """Start a child.

    Args:
        errand: "module:function", such as "soak.errands:command".
        arguments: For the function; JSON-ready, or paths.
        at: Folder it works in.
        is_gated: Wait for `release` before the errand begins.
        terminal: Device that is its standard error, for progress bars.
    """
    server = _server()
    server.n_children += 1
    said = server.folder / f"{server.n_children}.log"
    _forget(server.folder / f"{server.n_children - 100}.log")  # a soak of thousands would pile them up
    plain = json.loads(json.dumps(arguments, default=str))
    child = Child(server.ask("start", errand, plain, str(said), str(at), is_gated, terminal), said)
    while is_gated and not said.with_suffix(".gate").exists():
        assert child.poll() is None, child.said
        time.sleep(0.001)
    return child


def _forget(said: Path) -> None:
    for ending in (".log", ".json", ".gate"):
        said.with_suffix(ending).unlink(missing_ok=True)
