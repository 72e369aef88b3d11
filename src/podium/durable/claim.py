"""Whether a folder may be written to: one that is empty, or Podium's own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from podium.durable.failures import explaining_failures
from podium.durable.lock import LOCK_NAME
from podium.durable.temporary import is_leftover
from podium.errors import UsageError
from podium.listing import count_of

__all__ = ["check_claimable"]

_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_OF_LOCKS = frozenset({LOCK_NAME, f"{LOCK_NAME}.owner", f"{LOCK_NAME}.owner.takeover"})


def check_claimable(
    folder: str | Path, what: str, *, marks: Collection[str] = (), names: Collection[str] = (), fix: str
) -> None:
    """Raise unless a folder is absent, empty, or one that Podium wrote; nothing is changed.

    A process that was killed leaves its lock file with some of `names` and no mark; that folder is Podium's too. Take
    the lock first of all, so that there is one.

    Args:
        folder: The folder.
        what: What it is to hold, such as "a run".
        marks: Files of which one tells that it is held already.
        names: Every file that is written before the mark.
        fix: What the user can do instead.

    Raises:
        UsageError: If it is a file or stands below one, or holds other files; names the first ten.
        StorageError: If it cannot be looked at.
    """
    folder = Path(folder)
    with explaining_failures(folder):
        there = next((step for step in (folder, *folder.parents) if step.exists()), folder)
        if there.exists() and not there.is_dir():
            raise UsageError("this is a file, not a folder.", where=there, fix=fix)
        found = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if any((folder / mark).is_file() for mark in marks):
        return
    own = _OF_LOCKS | set(names) if (folder / LOCK_NAME).is_file() else frozenset()
    others = sorted(name for name in found - _OF_THE_SYSTEM - own if not is_leftover(name))
    if others:
        raise UsageError(
            f"this folder is not empty, and what it holds is not {what}: {count_of(len(others), 'entry')}.",
            where=folder,
            fix=fix,
            details=[repr(name)[1:-1] for name in others[:10]],
        )
