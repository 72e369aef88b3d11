"""Trackers that a run was started with are told of whatever comes later: a resume, a refit."""

from __future__ import annotations

from collections.abc import Sequence

from podium.store import RunFolder, edit_record
from podium.trackers.registry import NONE

__all__ = ["remember_trackers", "remembered_trackers"]

_FIELD = "trackers"


def remember_trackers(run: RunFolder, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The trackers of a run: those that it knows, and `names` from here on; "none" forgets them.

    Args:
        run: The run folder.
        names: Further trackers; empty changes nothing.
    """
    known = remembered_trackers(run)
    wanted = () if NONE in names else tuple(dict.fromkeys([*known, *names]))
    if wanted != known:
        with edit_record(run) as record:
            record[_FIELD] = list(wanted)
    return wanted


def remembered_trackers(run: RunFolder) -> tuple[str, ...]:
    """The trackers that a run knows."""
    return tuple(run.read().get(_FIELD, ()))
