"""A tracker's process as its parent sees it: nothing here waits for it, whatever it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["TrackerProcess", "wait_for"]


class TrackerProcess:
    """One tracker.

    Args:
        name: Its name.
        request: What `worker.py` is asked, JSON-ready.
    """

    def __init__(self, name: str, request: Mapping[str, Any]) -> None:
        self.name, self.is_gone = name, False
        self._outbox, self._heard, self._is_done = b"", b"", False
        self.complaint: str | None = None
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            # A session of its own: Ctrl-C in a terminal reaches this process only, and the tracker ends its work.
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [sys.executable, "-P", "-m", "podium.trackers.worker", json.dumps(request)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
            )
        except OSError as problem:  # no memory, no process
            self._process, self.is_gone, self.complaint = None, True, str(problem)
            return
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)

    def send(self, data: bytes) -> None:
        """Pass on as much as the pipe takes now; the rest goes with the next."""
        self._outbox += data
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        with suppress(OSError):  # full, or nobody reads
            self._outbox = self._outbox[os.write(self._process.stdin.fileno(), self._outbox) :]

    def end(self) -> None:
        """Say that nothing more comes."""
        self.send(b"")
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def look(self) -> None:
        """Note what it said, and whether it is gone."""
        if self._process is None or self.is_gone:
            return
        code = self._process.poll()
        self._listen()
        if code is None:
            return
        self.leave()
        self.is_gone = True
        if self.complaint is None and not self._is_done:
            self.complaint = _end_words(code)

    def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):
            while data := os.read(self._process.stdout.fileno(), 1 << 16):
                self._heard += data
        for line in self._heard.split(b"\n")[:-1]:
            with suppress(ValueError, AttributeError):
                message = json.loads(line)
                self.complaint = message.get("failed", self.complaint)
                self._is_done = self._is_done or "done" in message

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.is_gone = True

    def leave(self) -> None:
        """Let it go on alone; when it ends, it leaves nothing behind."""
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        threading.Thread(target=self._process.wait, name=f"podium-{self.name}", daemon=True).start()


def _end_words(code: int) -> str:
    """Why a process ended, by its exit code."""
    if -code in {getattr(signal, name, None) for name in ("SIGALRM", "SIGPROF")}:
        return "one of its steps took too long"
    return f"its process was killed (signal {-code})" if code < 0 else f"its process ended early, with {code}"


def wait_for(processes: Sequence[TrackerProcess], seconds: float) -> list[TrackerProcess]:
    """Wait until all are gone, at most so long; gives those that are not."""
    deadline = time.monotonic() + seconds
    while True:
        for process in processes:
            process.look()
        left = [process for process in processes if not process.is_gone]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(0.01)
