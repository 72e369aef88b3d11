"""Calls every callback, and leaves out one that fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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

    def joined(self, callback: Any) -> Callbacks:
        """These and another one; one that fails from here on is left out of the new object alone."""
        return Callbacks([*self._callbacks, callback], self._report)

    def emit(self, event: str, *arguments: Any) -> None:
        """Call this method of every callback that has it.

        An error of one (no Ctrl-C, no stop) is reported, and it is called no more. What it sets for all of torch holds
        until it returns.
        """
        for callback in tuple(self._callbacks):
            method = getattr(callback, event, None)
            if method is None:
                continue
            try:
                with _same_torch():
                    method(*arguments)
            except Exception as error:
                self._callbacks.remove(callback)
                self._report(
                    f"Callback {type(callback).__name__} failed in {event} and is left out from here on: "
                    f"{type(error).__name__}: {error}"
                )


@contextmanager
def _same_torch() -> Iterator[None]:
    """Afterwards torch computes as before: a forgotten setting would change the training. Its generator is seeded for
    every step anyway."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        yield
        return
    settings = (
        (torch.get_num_threads, torch.set_num_threads),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    )
    before = [read() for read, _ in settings]
    try:
        yield
    finally:
        for (read, write), value in zip(settings, before, strict=True):
            if read() != value:
                write(value)
