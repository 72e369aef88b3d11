"""Keeps one decode worker: starts it, gives it batches of images, ends it when it hangs, tells of what it died."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from podium.errors import PodiumError, StorageError
from podium.images import worker_start
from podium.images.failure import ShortageError
from podium.images.job import Item, Job
from podium.images.wire import Record, Result, decode_results, encode_batch, encode_frame, encode_job, read_frame

__all__ = ["Keeper", "LostError", "StartError"]

_START_S = 60.0
_MOST_STARTS = 3
# The worker's own alarm comes after the owner's deadline: it is for owners that are stopped or gone.
_ALARM_MARGIN_S = 5.0
# A silent worker is asked for its signs of life at least this often.
_LOOK_S = 1.0
_KILLED = "SIGKILL"


class StartError(PodiumError):
    """No worker can be started.

    Args:
        cause: Why, in a few words.
        details: What the worker said.
    """

    def __init__(self, cause: str, details: Sequence[str] = ()) -> None:
        super().__init__(f"a decode worker cannot be started: {cause}.", details=details)
        self.cause = cause


class LostError(Exception):
    """A worker died or hung over a batch, and is gone.

    Args:
        cause: What it died of.
        n_begun: Images of the batch that it began; the last of them is the one it held.
        is_hung: Whether it was ended because it held that image for too long.
    """

    def __init__(self, cause: str, n_begun: int, *, is_hung: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.n_begun = n_begun
        self.is_hung = is_hung

    @property
    def is_murder(self) -> bool:
        """Whether somebody else ended it, such as a system out of memory: no decoder sends itself SIGKILL."""
        return self.cause == _KILLED


class _DeadlineError(Exception):
    """The worker did not answer in time."""


class Keeper:
    """One worker process and the pipes to it. Used by one thread at a time.

    On Linux the worker dies with the thread that starts it.

    Args:
        job: What to do with every image.
        deadline_s: Seconds that one image may take.
        memory_mib: Memory that one image may take.
    """

    def __init__(self, job: Job, *, deadline_s: float, memory_mib: int) -> None:
        self._job = job
        self._deadline_s = deadline_s
        self._memory_mib = memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False
        self._n_begun = 0
        self._last_sign = 0.0

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts the worker. One that is killed from outside while it starts gets successors.

        Raises:
            StartError: If there will be none.
        """
        for n_left in reversed(range(_MOST_STARTS)):
            try:
                return self._start_once()
            except StartError as error:
                if error.cause != _KILLED or not n_left or self._is_stopped:
                    raise

    def work(self, batch: Sequence[Item]) -> list[Result]:
        """The results of a batch, in its order.

        Raises:
            LostError: If the worker dies, or hangs over an image.
            ShortageError: If the worker cannot open files. It is gone then.
            StorageError: If rows cannot be written.
        """
        self._read_signs()
        self._n_begun, self._last_sign = 0, time.monotonic()
        try:
            record, contents = encode_batch(batch)
            self._send(record, self._is_getting_on, *contents)
            record, body = read_frame(lambda buffer: self._read_into(buffer, self._is_getting_on))
        except _DeadlineError:
            self.kill()
            raise LostError(f"hung for {self._deadline_s:g} s", self._n_begun, is_hung=True) from None
        except (EOFError, BrokenPipeError):
            self._read_signs()
            raise LostError(self._bury(), self._n_begun) from None
        if "failure" in record:
            self.kill()
            kind = StorageError if record["failure"] == "storage" else ShortageError
            raise kind(record["what"], where=record["where"], fix=record["fix"])
        return decode_results(record, body)

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
        """Ends the worker from another thread; the one that waits for it wakes up."""
        self._is_stopped = True
        if (process := self._process) is not None:
            process.kill()

    def _start_once(self) -> None:
        process = self._process = _spawn(self._memory_mib)
        end = time.monotonic() + _START_S
        try:
            if self._is_stopped:
                raise StartError("the decode was stopped")
            read_frame(lambda buffer: self._read_into(buffer, lambda: time.monotonic() < end))
            self._send(encode_job(self._job, self._deadline_s + _ALARM_MARGIN_S), lambda: time.monotonic() < end)
        except (EOFError, BrokenPipeError, _DeadlineError) as error:
            process.kill() if isinstance(error, _DeadlineError) else None
            _, said = process.communicate()
            cause = f"no answer in {_START_S:g} s" if isinstance(error, _DeadlineError) else self._bury()
            raise StartError(cause, said.decode(errors="replace").splitlines()[-10:]) from None
        except BaseException:
            self.kill()
            raise
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)

    def _is_getting_on(self) -> bool:
        """Whether the worker has begun an image within the deadline."""
        if self._read_signs():
            self._last_sign = time.monotonic()
        return time.monotonic() - self._last_sign < self._deadline_s

    def _read_signs(self) -> int:
        """Counts the images that the worker began since the last look."""
        process = self._process
        if process is None or process.stderr is None:
            return 0
        n_new = 0
        with contextlib.suppress(BlockingIOError):
            while signs := os.read(process.stderr.fileno(), 4096):
                n_new += len(signs)
        self._n_begun += n_new
        return n_new

    def _bury(self) -> str:
        """Takes leave of a worker that is dead or closed its pipes, and says of what."""
        process = self._process
        if process is None:
            return "it was stopped"
        try:
            status = process.wait(5)
        except subprocess.TimeoutExpired:
            status = 0
        self.kill()
        if status >= 0:
            return f"exit status {status}"
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"

    def _send(self, record: Record, is_waiting: Callable[[], bool], *bodies: memoryview) -> None:
        """Writes a frame, which a stopped worker with a full pipe would not take."""
        process = self._process
        if process is None or process.stdin is None:
            raise EOFError
        descriptor = process.stdin.fileno()
        for piece in encode_frame(record, *bodies):
            while piece:
                try:
                    piece = piece[os.write(descriptor, piece) :]
                except BlockingIOError:
                    self._wait_for(descriptor, select.POLLOUT, is_waiting)

    def _read_into(self, buffer: memoryview, is_waiting: Callable[[], bool]) -> None:
        """Fills `buffer` from the worker's output, or raises EOFError or _DeadlineError."""
        process = self._process
        if process is None or process.stdout is None:
            raise EOFError
        descriptor = process.stdout.fileno()
        while len(buffer):
            self._wait_for(descriptor, select.POLLIN, is_waiting)
            n_read = os.readv(descriptor, [buffer])
            if n_read == 0:
                raise EOFError
            buffer = buffer[n_read:]

    def _wait_for(self, descriptor: int, event: int, is_waiting: Callable[[], bool]) -> None:
        waiter = select.poll()  # unlike select, it works for descriptors above 1023
        waiter.register(descriptor, event)
        look_s = min(_LOOK_S, self._deadline_s / 4)
        while not waiter.poll(look_s * 1000):
            if not is_waiting():
                raise _DeadlineError


def _spawn(memory_mib: int) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])  # the folder that holds the package
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        # glibc's, for blocks of up to 32 MiB: an image's memory, mapped anew for every image, took as long as decoding
        # it (384x512 JPEG: 3.1 ms with it, 1.3 ms without; November 2026).
        "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
        "MALLOC_TRIM_THRESHOLD_": str(256 * 1024**2),
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": str(sys.flags.utf8_mode),  # file names are the same text on both sides
        # Threads of a BLAS that nobody uses would count against the memory limit.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    # -P: no module of the user's current folder can take the place of one of ours.
    command = [sys.executable, "-P", worker_start.__file__, str(os.getpid()), str(memory_mib)]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=environment)
    except (OSError, MemoryError) as error:
        words = getattr(error, "strerror", None) or "no memory left"
        raise StartError(words[0].lower() + words[1:]) from error
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    return process
