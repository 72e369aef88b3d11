"""Progress in a notebook: a bar for every stage, and notes below each other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from importlib import import_module

from podium.listing import shorten
from podium.machine.progress import Progress, Silent
from podium.machine.streams import LossyStream
from podium.printable import printable

__all__ = ["Notebook", "default_progress", "is_notebook"]

_LONGEST_NOTE = 2000
_SECONDS_BETWEEN = 0.1
"""Between two states of a bar that are shown."""


class Notebook:
    """Shows stages as progress bars and notes as lines, in the output of the cell."""

    def stage(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A block of work; gives the function that tells how much of it is done."""
        return _bar(title, total)

    def note(self, line: str) -> None:
        """Something the user should read."""
        LossyStream(sys.stdout).write(printable(shorten(line, most=_LONGEST_NOTE)) + "\n")


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of HTML's own, which needs no widgets; it goes when the stage is done."""
    shown = import_module("IPython.display")
    handle = shown.display(shown.HTML(_bar_html(title, 0, total)), display_id=True)
    shown_at = time.monotonic()

    def update(done: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= _SECONDS_BETWEEN:
            shown_at = time.monotonic()
            handle.update(shown.HTML(_bar_html(title, done, total)))

    try:
        yield update
    finally:
        handle.update(shown.HTML(""))


def _bar_html(title: str, done: int, total: int) -> str:
    return (
        f'{escape(printable(title))} <progress value="{done}" max="{max(total, 1)}"></progress> {done:,} of {total:,}'
    )


def is_notebook() -> bool:
    """Whether this code runs in a cell of Jupyter, Colab or Kaggle."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and getattr(shell, "kernel", None) is not None


def default_progress() -> Progress:
    """What a function shows when nobody said: bars and notes in a notebook, nothing in a program."""
    return Notebook() if is_notebook() else Silent()
