"""Keeps one decode worker: starts it, gives it images, kills it when it hangs, replaces it when it dies."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import podium
from podium.errors import PodiumError
from podium.images.job import Job
from podium.images.outcome import Decoded, Outcome
from podium.images.wire import read_frame, read_result, write_job

__all__ = ["Keeper"]

_START_S = 120.0
# The worker's own alarm comes after the owner's deadline: it is for owners that are stopped or gone.
_ALARM_MARGIN_S = 5.0


class _DeadlineError(Exception):
    """The worker did not answer in time."""


class Keeper:
    """One worker process and the pipe to it. Used by one thread at a time.

    Args:
        deadline_s: Seconds that one image may take.
        memory_mib: Memory that one image may take.
    """

    def __init__(self, *, deadline_s: float, memory_mib: int) -> None:
        self._deadline_s = deadline_s
        self._memory_mib = memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return None if self._process is None else self._process.pid

    def decode(self, path: str | os.PathLike[str], job: Job) -> Decoded:
        """The result for one file.

        A worker that dies gets one successor for the same image, as something else may have killed it; if that dies
        too, the outcome is CRASHED. An image past its deadline is not tried again.

        Raises:
            PodiumError: If no worker can be started.
        """
        try:
            return self._ask(path, job)
        except _DeadlineError:
            self.kill()
            return Decoded(None, Outcome.TIMEOUT, f"not decoded within {self._deadline_s:g} s")
        except (EOFError, BrokenPipeError):
            cause = self._bury()
        try:
            return self._ask(path, job)
        except _DeadlineError:
            self.kill()
            return Decoded(None, Outcome.TIMEOUT, f"not decoded within {self._deadline_s:g} s ({cause} before)")
        except (EOFError, BrokenPipeError):
            return Decoded(None, Outcome.CRASHED, f"the decode worker died twice: {self._bury()}")

    def kill(self) -> None:
        """Ends the worker, if there is one, and waits until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def stop(self) -> None:
        """Ends the worker from another thread; the one that waits for it wakes up and starts no other."""
        self._is_stopped = True
        if (process := self._process) is not None:
            process.kill()

    def _ask(self, path: str | os.PathLike[str], job: Job) -> Decoded:
        process = self._process
        if process is None:
            process = self._process = self._start()
        if self._is_stopped:
            raise PodiumError("the decode was stopped.")
        assert process.stdin is not None
        deadline = time.monotonic() + self._deadline_s
        write_job(process.stdin.fileno(), path, job, self._deadline_s + _ALARM_MARGIN_S)
        return read_result(lambda buffer: _read_into(process, buffer, deadline))

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(podium.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            # Threads of a BLAS that nobody uses would count against the memory limit.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        # -P: no module of the user's current folder can take the place of one of ours.
        command = [sys.executable, "-P", "-m", "podium.images.worker", str(os.getpid()), str(self._memory_mib)]
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=environment)
        except OSError as error:
            raise PodiumError(
                f"cannot start a decode worker: {error.strerror}.", fix="Use fewer workers, or isolation='thread'."
            ) from error
        try:
            read_frame(lambda buffer: _read_into(process, buffer, time.monotonic() + _START_S))
        except (EOFError, _DeadlineError):
            process.kill()
            _, said = process.communicate()
            raise PodiumError(
                f"a decode worker did not start (exit status {process.returncode}).",
                fix="isolation='thread' decodes without workers.",
                details=said.decode(errors="replace").splitlines()[-10:],
            ) from None
        return process

    def _bury(self) -> str:
        """Takes leave of a worker that died, and says of what."""
        process = self._process
        if process is None:
            return "it was stopped"
        status = process.wait()
        self.kill()
        if status >= 0:
            return f"exit status {status}"
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"


def _read_into(process: subprocess.Popen[bytes], buffer: memoryview, deadline: float) -> None:
    """Fills `buffer` from the worker's output, or raises EOFError or _DeadlineError."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    # poll, unlike select, works for descriptors above 1023.
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    while len(buffer):
        left = deadline - time.monotonic()
        if left <= 0 or not waiter.poll(left * 1000):
            raise _DeadlineError
        n_read = os.readv(descriptor, [buffer])
        if n_read == 0:
            raise EOFError
        buffer = buffer[n_read:]
