"""Several equal processes started on this machine, listened to, and seen to their end."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from podium.errors import Interrupted, Stopped
from podium.stopping import StopRequest

__all__ = ["run_processes"]

Message = Mapping[str, Any]
_LOOK_S = 0.1
_LEFT_ALONE = (0, Stopped.exit_code, Interrupted.exit_code)
"""Exit codes after which the others go on; so they do after a process that was killed."""


def run_processes(
    module: str,
    requests: Sequence[Message],
    *,
    stop: StopRequest,
    on_message: Callable[[Message], None],
    on_look: Callable[[], None] = lambda: None,
) -> list[int]:
    """Run `python -m MODULE REQUEST` for each request at the same time, until all have ended.

    The module must call `tie_to_parent` first. It writes messages to its standard output, a JSON object a line. A stop
    is passed on to all. One that fails stops the others; one that is killed or stopped leaves them at work.

    Args:
        module: What each process runs.
        requests: What each is asked, JSON-ready.
        stop: A stop asked for is passed on.
        on_message: Called with each message, in this thread.
        on_look: Called ten times a second.

    Returns:
        The exit code of each, negative for the signal that ended it.
    """
    processes: list[subprocess.Popen[bytes]] = []
    listeners: list[threading.Thread] = []
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    try:
        for request in requests:
            processes.append(_start(module, request))
            listeners.append(threading.Thread(target=_listen, args=(processes[-1], messages), daemon=True))
            listeners[-1].start()
        while any(process.poll() is None for process in processes):
            _pass_on(messages, on_message)
            on_look()
            has_failed = any((process.poll() or 0) > 0 and process.poll() not in _LEFT_ALONE for process in processes)
            if stop.is_made or has_failed:
                for process in processes:
                    _ask_to_stop(process)
            time.sleep(_LOOK_S)
    finally:  # a second Ctrl-C, or an error in a callback
        for process in processes:
            process.kill()
            process.wait()
            _ask_to_stop(process)
    for listener in listeners:
        listener.join()
    _pass_on(messages, on_message)
    on_look()
    return [process.returncode for process in processes]


def _start(module: str, request: Message) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])  # the folder that holds the package
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # -P: no module of the user's current folder can take the place of one of ours.
    # A session of its own: Ctrl-C in a terminal reaches this process only, which passes it on once.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, json.dumps(request)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": str(sys.flags.utf8_mode)},
    )


def _listen(process: subprocess.Popen[bytes], messages: queue.SimpleQueue[Message]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            with suppress(ValueError):  # the half of a line that a killed process leaves
                messages.put(json.loads(line))


def _pass_on(messages: queue.SimpleQueue[Message], on_message: Callable[[Message], None]) -> None:
    with suppress(queue.Empty):
        while True:
            on_message(messages.get_nowait())


def _ask_to_stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
