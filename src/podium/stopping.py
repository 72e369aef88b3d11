"""SIGTERM, SIGHUP and Ctrl-C as a request that is honoured between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from podium.advice import call
from podium.errors import Interrupted, Stopped

__all__ = ["HOW_TO_CONTINUE", "TERMINATIONS", "StopRequest", "continued_by", "is_ignored", "listen_for_stop"]

T = TypeVar("T")

HOW_TO_CONTINUE = f"Continue with {call('podium.resume', 'last')}, or start again where no run folder was made yet."
"""What to do after a stop, whether or not a run folder was there yet."""

TERMINATIONS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a process to end: from a scheduler, or because its terminal is gone."""


class StopRequest:
    """Whether someone asked to stop, and how."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.is_honoured = False

    @property
    def is_made(self) -> bool:
        """Whether a stop was asked for."""
        return self.signal is not None

    def check(self, *, fix: str = HOW_TO_CONTINUE) -> None:
        """End the run if a stop was asked for. Call it only where all finished work is on disk.

        Args:
            fix: How to continue.

        Raises:
            Interrupted: After Ctrl-C.
            Stopped: After SIGTERM or SIGHUP.
        """
        if not self.is_made:
            return
        self.is_honoured = True
        kind = Interrupted if self.signal == signal.SIGINT else Stopped
        raise kind("stopped as asked; all work up to this step is kept.", fix=fix)

    def watch(self, items: Iterable[T]) -> Iterator[T]:
        """The same items, with a `check` before each: work that takes long and can be repeated ends at once."""
        for item in items:
            self.check()
            yield item


@contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Turn SIGTERM, SIGHUP and SIGINT into a request for the length of the block; a second Ctrl-C ends at once.

    A signal that this process ignores stays ignored: `nohup` asks for that. A request that nobody asked for in the
    block, because its work was nearly done, is honoured at its end. Outside the main thread, where signals cannot be
    caught, the request is never made.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def note(number: int, _frame: FrameType | None) -> None:
        if request.is_made and number == signal.SIGINT:
            request.is_honoured = True
            raise KeyboardInterrupt
        request.signal = number

    heard = [number for number in (signal.SIGINT, *TERMINATIONS) if not is_ignored(number)]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not request.is_honoured:
        request.check()


@contextmanager
def continued_by(fix: str) -> Iterator[None]:
    """Let a stop of the work below say how all of it is continued, in place of how its part is."""
    try:
        yield
    except Stopped as stopped:
        stopped.fix = fix
        raise


def is_ignored(number: int) -> bool:
    """Whether this process was told to ignore a signal, or somebody other than Python handles it."""
    return signal.getsignal(number) in (signal.SIG_IGN, None)
