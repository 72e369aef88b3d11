"""How long work tells that it is getting on, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

__all__ = ["Caution", "Progress", "Silent"]

Update = Callable[[int], None]
"""Called with how much is done, of the stage's total."""


class Caution(str):
    """A note about something that makes a result wrong or worth less, which no option may hide.

    Pass it to `Progress.note`. A note of any other kind, such as a guess or what autotune chose, may be hidden.
    """

    __slots__ = ()


class Progress(Protocol):
    """Listens to a workflow."""

    def stage(self, title: str, total: int) -> AbstractContextManager[Update]:
        """A block of work of `total` steps; gives the function to report with."""

    def note(self, line: str) -> None:
        """Something the user should read; must be seen if it is a `Caution`."""


class Silent:
    """Nobody listens."""

    @contextmanager
    def _stage(self) -> Iterator[Update]:
        yield lambda _done: None

    def stage(self, title: str, total: int) -> AbstractContextManager[Update]:
        """A block of work that nobody watches."""
        return self._stage()

    def note(self, line: str) -> None:
        """Dropped."""
