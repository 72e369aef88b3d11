"""Calls every callback, and leaves out one that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Callbacks"]


class Callbacks:
    """Several callbacks as one.

    Args:
        callbacks: Objects with some of the methods of `Callback`.
        report: Gets a line when a callback fails.
    """

    def __init__(self, callbacks: Iterable[Any] = (), report: Callable[[str], None] = lambda line: None) -> None:
        self._callbacks = list(callbacks)
        self._report = report

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def emit(self, event: str, *arguments: Any) -> None:
        """Call this method of every callback that has it.

        An error of one (no Ctrl-C, no stop) is reported, and it is called no more.
        """
        for callback in tuple(self._callbacks):
            method = getattr(callback, event, None)
            if method is None:
                continue
            try:
                method(*arguments)
            except Exception as error:
                self._callbacks.remove(callback)
                self._report(
                    f"Callback {type(callback).__name__} failed in {event} and is left out from here on: "
                    f"{type(error).__name__}: {error}"
                )
