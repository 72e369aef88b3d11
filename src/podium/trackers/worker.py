"""The process of one tracker: `python -m podium.trackers.worker REQUEST`. Its standard input wakes it, its end ends it.

Its parent may be gone by then: what is left to tell is told all the same.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from podium.errors import PodiumError
from podium.trackers.watch import watched

__all__ = ["main"]

_POLL_S = 5.0
"""Seconds between two looks that nobody asked for: other processes may train folds of the run."""
_SHARE = 20.0
"""A look that takes a second is followed by this many without one."""
_LOCK_S = 30.0
"""Seconds that the last look waits for another process that tells."""


def main() -> int:
    """Do what the first argument asks for; gives the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        os.nice(19)
    parent = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no message
    try:
        _tell(json.loads(sys.argv[1]))
    except BaseException as problem:  # a tracker may raise anything
        _send(parent, {"failed": _words(problem)})
        return 1
    _send(parent, {"done": True})
    return 0


def _tell(request: Mapping[str, Any]) -> None:
    with watched():
        from podium.own_parts import load_named_parts
        from podium.store import RunFolder
        from podium.trackers.given_feed import GivenFeed
        from podium.trackers.run_feed import RunFeed
        from podium.trackers.teller import Teller

        load_named_parts()
    run = request.get("run")
    feed = GivenFeed(request["about"]) if run is None else RunFeed(RunFolder(Path(run)))
    places = Path(request["folder"]), Path(request["home"])
    teller = Teller(request["tracker"], feed, *places, request["limit_s"])
    _follow(teller, feed)
    deadline = time.monotonic() + _LOCK_S
    while not teller.is_telling and not teller.knows_all() and time.monotonic() < deadline:
        _look(teller)
        time.sleep(0.2 * (not teller.is_telling))
    teller.finish()


def _follow(teller: Any, feed: Any) -> None:
    """Look whenever that is asked for, and now and then, until standard input ends."""
    due, is_asked = 0.0, True
    while True:
        wait = max(0.0, due - time.monotonic()) if is_asked else _POLL_S
        if select.select([0], [], [], wait)[0]:
            data = os.read(0, 1 << 16)
            if not data:
                return
            if hasattr(feed, "take"):
                feed.take(data)
            is_asked = True
        else:
            is_asked = True
        started = time.monotonic()
        if is_asked and started >= due and not teller.knows_all():
            _look(teller)
            is_asked, due = False, started + _SHARE * (time.monotonic() - started)


def _look(teller: Any) -> None:
    from podium.errors import StorageError

    with suppress(StorageError):  # a journal that is being written anew; the next look sees it whole
        teller.look()


def _send(parent: int, message: Mapping[str, Any]) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(parent, json.dumps(message).encode() + b"\n")


def _words(problem: BaseException) -> str:
    if isinstance(problem, PodiumError):
        return str(problem).replace("\n", " ")
    first = (str(problem).strip().splitlines() or [""])[0][:300]
    return f"{type(problem).__name__}: {first}".rstrip(": ")


if __name__ == "__main__":
    os._exit(main())  # what a library would do at the end may hang
