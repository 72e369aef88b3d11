"""Progress of a training inside of a search: its stages, without the notes of a hundred trainings."""

from __future__ import annotations

from contextlib import AbstractContextManager

from podium.machine import Progress
from podium.machine.progress import Update

__all__ = ["Stages"]


class Stages:
    """Shows how far a training is, and leaves out its notes.

    Args:
        progress: What shows it.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stage(self, title: str, total: int) -> AbstractContextManager[Update]:
        """As the search's."""
        return self._progress.stage(title, total)

    def note(self, line: str) -> None:
        """Nothing."""
