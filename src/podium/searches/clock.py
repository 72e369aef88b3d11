"""Minutes of a search, which a kill stops and a resume goes on with."""

from __future__ import annotations

import math
import time

from podium import durable
from podium.searches.folder import SearchFolder

__all__ = ["Clock"]


class Clock:
    """Seconds that a search was worked at, in all its sittings.

    Several processes keep one clock, that of the longest at work: it is wall time.

    Args:
        folder: The search.
        minutes: Minutes for all of it; None has no end.
    """

    def __init__(self, folder: SearchFolder, minutes: float | None) -> None:
        self._folder, self._minutes = folder, minutes
        self._before = _read(folder)
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + time.monotonic() - self._started

    @property
    def seconds_left(self) -> float:
        """Seconds until the minutes are over; infinite where there is no end."""
        return math.inf if self._minutes is None else 60 * self._minutes - self.seconds

    def keep(self) -> None:
        """Write down the time; what a kill takes is at most what was worked since."""
        with self._folder.alone("clock"):
            durable.write_json(self._folder.clock_file, {"seconds": round(max(self.seconds, _read(self._folder)), 1)})


def _read(folder: SearchFolder) -> float:
    return float(durable.read_json(folder.clock_file)["seconds"]) if folder.clock_file.is_file() else 0.0
