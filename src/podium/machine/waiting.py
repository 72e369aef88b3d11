"""What to do while another process holds a lock: honour a stop, and say who is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from podium.errors import LockedError
from podium.machine.progress import Progress
from podium.stopping import StopRequest

__all__ = ["say_while_waiting"]

_SILENT_S = 2.0
"""Seconds of waiting that nobody needs to hear of."""


def say_while_waiting(what: str, progress: Progress, stop: StopRequest | None = None) -> Callable[[LockedError], None]:
    """A function for `durable.wait_for_lock(..., while_waiting=...)`.

    Args:
        what: What is waited for, such as "the features".
        progress: Gets one note, after two seconds, that names the process which has the lock.
        stop: A stop asked for ends the wait.
    """
    started = time.monotonic()
    is_noted = False

    def wait(problem: LockedError) -> None:
        nonlocal is_noted
        if stop is not None:
            stop.check()
        if not is_noted and time.monotonic() - started >= _SILENT_S:
            is_noted = True
            progress.note(f"Waiting for {what}. {problem}")

    return wait
