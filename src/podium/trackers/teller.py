"""Tells one tracker what it does not know yet, and remembers what was told: no epoch twice, none left out."""

from __future__ import annotations

import uuid
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

from podium import durable
from podium.errors import CorruptFileError, LockedError, StorageError
from podium.trackers.registry import make_tracker
from podium.trackers.tracker import Plain, TrackedEpoch, TrackedResults, TrackedRun, Tracker
from podium.trackers.watch import watched

__all__ = ["Feed", "Teller"]


class Feed(Protocol):
    """Where the facts of a training come from."""

    name: str

    @property
    def group(self) -> str | None:
        """What it belongs to."""

    @property
    def is_done(self) -> bool:
        """Whether there are results."""

    def config(self) -> dict[str, Plain]:
        """Its configuration, flat."""

    def epochs(self) -> list[tuple[str, int, dict[str, float]]]:
        """Place, number and values of every epoch so far, in the order of each place."""

    def digest(self) -> str:
        """Changes when there are other results to tell; empty without any."""

    def results(self, number: int, n_epochs: int) -> TrackedResults:
        """The results."""


class Teller:
    """One tracker of one run.

    Args:
        name: The tracker's name.
        feed: Where the facts come from.
        folder: Folder of this tracker; one process at a time tells.
        home: Folder that the runs of a group share.
        limit_s: Seconds that any one step of the tracker may take; a longer one ends this process.
    """

    def __init__(self, name: str, feed: Feed, folder: Path, home: Path, limit_s: float) -> None:
        self._name, self._feed, self._limit_s = name, feed, limit_s
        self._folder, self._home = folder, home
        self._stack = ExitStack()
        self._tracker: Tracker | None = None
        self._state: dict[str, Any] = {}

    @property
    def is_telling(self) -> bool:
        """Whether this process is the one that tells."""
        return self._tracker is not None

    def knows_all(self) -> bool:
        """Whether a tracker that is not open has everything, by what was kept: it need not be opened then."""
        if self._tracker is not None:
            return False
        state = self._read()
        last = state.get("last", {})
        has_epochs = all(epoch <= last.get(place, -1) for place, epoch, _ in self._feed.epochs())
        return bool(state) and has_epochs and self._feed.digest() in ("", state.get("results"))

    def look(self) -> None:
        """Tell of new epochs, unless another process tells."""
        epochs = self._feed.epochs()
        if not self._begin():
            return
        assert self._tracker is not None
        last, n_told = self._state["last"], self._state["n_told"]
        new = [found for found in epochs if found[1] > last.get(found[0], -1)]
        if not new:
            return
        told = [TrackedEpoch(place, epoch, n_told + n, values) for n, (place, epoch, values) in enumerate(new)]
        with watched(self._limit_s):
            self._tracker.log(told)
        for epoch in told:
            last[epoch.place] = epoch.epoch
        self._keep(n_told=n_told + len(told))

    def finish(self) -> None:
        """Tell of the last epochs and, where they are new, of the results; then end."""
        self.look()
        if self._tracker is None:
            return
        digest = self._feed.digest()
        if digest and digest != self._state["results"]:
            results = self._feed.results(self._state["n_results"], self._state["n_told"])
            with watched(self._limit_s):
                self._tracker.finish(results)
            self._keep(results=digest, n_results=self._state["n_results"] + 1)
        with watched(self._limit_s):
            self._tracker.close(is_done=self._feed.is_done)
        self._stack.close()

    def _begin(self) -> bool:
        if self._tracker is not None:
            return True
        try:
            self._stack.enter_context(durable.hold_lock(self._folder))
        except LockedError:
            return False
        if self.knows_all():  # the process that held the lock has told it meanwhile
            self._stack.close()
            return False
        try:
            self._tracker = self._open()
        except BaseException:
            self._stack.close()
            raise
        return True

    def _open(self) -> Tracker:
        plain = {"id": uuid.uuid4().hex[:12], "last": {}, "n_told": 0, "results": "", "n_results": 0}
        self._state = plain | self._read()
        self._keep()
        with watched(self._limit_s):
            tracker = make_tracker(self._name)
            group = self._feed.group
            about = (self._feed.name, str(self._state["id"]), self._folder, group, self._home, self._feed.config())
            tracker.start(TrackedRun(*about))
            known = tracker.last_epochs()
        if known is not None:
            self._state["last"] = dict(known)
        return tracker

    @property
    def _state_file(self) -> Path:
        return self._folder / "state.json"

    def _read(self) -> dict[str, Any]:
        with suppress(StorageError, CorruptFileError):
            found = durable.read_json(self._state_file)
            if isinstance(found, dict):
                return found
        return {}

    def _keep(self, **changes: Any) -> None:
        self._state |= changes
        durable.write_json(self._state_file, self._state)
