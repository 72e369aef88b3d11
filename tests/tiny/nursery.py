"""Children that train and are killed: forked from one process that has everything imported, so they start at once.

Run as a script this is that process: it reads requests from standard input, one JSON list a line, forks a child for
each, and answers with the child's process id, and its exit code when it has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from podium import durable

FAILED = 70
"""Exit code of a child that met an error of its own."""


class NoWaiting(durable.Backend):
    """The real operations, but for waiting until the disk has them: nothing here is about a power cut."""

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_dir(self, folder: object) -> None:
        """Nothing."""


class KillAt(NoWaiting):
    """Ends the process with SIGKILL before its k-th operation on a file."""

    def __init__(self, k: int) -> None:
        self._left = k

    def before(self, operation: str) -> None:
        """Count down."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Nursery:
    """Starts children one after the other. Each trains the run "mine", or goes on with it, saving every step."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def start(
        self, root: Path, samples: Path, lines: Sequence[str], *, kill_at: int = 0, cloud_drive: bool = False
    ) -> int:
        """Start a child; gives its process id.

        Args:
            root: Folder of runs and cache.
            samples: Folder of saved samples.
            lines: Recipe lines.
            kill_at: File operation before which it kills itself; 0 for none.
            cloud_drive: Whether checkpoints are overwritten in place.
        """
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([str(root), str(samples), list(lines), kill_at, cloud_drive]) + "\n")
        self._server.stdin.flush()
        child = self._read()
        assert child > 1, f"not a process of ours: {child}"  # 0 would be this very group of processes
        return child

    def kill(self, child: int) -> None:
        """SIGKILL, if the child is still there: on a quick machine it may have ended already."""
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    def wait(self) -> int:
        """Exit code of the child, negative for the signal that ended it."""
        return self._read()

    def _read(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()


def _run_child(root: Path, samples: Path, lines: Sequence[str], kill_at: int, cloud_drive: bool) -> NoReturn:
    """Train and leave, whatever happens: a child that came back would answer in the server's place."""
    code = FAILED
    try:
        sys.stdout = sys.stderr  # standard output belongs to the protocol
        with durable.using_backend(KillAt(kill_at)):
            contest = importlib.import_module("contest")  # a module beside this script
            contest.go_on(root, samples, lines, cloud_drive=cloud_drive)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Fork a child for each request."""
    for name in (
        "podium.crossval.carry_on",
        "podium.crossval.start_run",
        "podium.report",
        "pandas",
        "pyarrow.parquet",
    ):
        importlib.import_module(name)  # here once, so that no child has to
    for line in sys.stdin:
        root, samples, lines, *how = json.loads(line)
        child = os.fork()
        if not child:
            _run_child(Path(root), Path(samples), lines, *how)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
