"""Two fixed folders overwritten in turn, so that nothing large is ever deleted or replaced.

On a mounted cloud drive a deleted or replaced file goes to a bin that counts against the quota, and a run of a day
fills it with checkpoints. Here files are emptied and rewritten in place. A slot's manifest is its commit mark: emptied
first, written last, while the other slot holds the version before. `slots.json` tells a first save that was cut short
(nothing to load, start) from slots that were damaged later (refuse).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.durable.atomic import write_json
from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder, remove_file, remove_leftovers
from podium.durable.manifest import MANIFEST_NAME
from podium.durable.parts import PartWriter, write_parts

__all__ = ["SLOT_NAMES", "commit_to_slot", "has_committed_slots", "is_unfinished_slot"]

SLOT_NAMES = ("slot-a", "slot-b")
_MARK_NAME = "slots.json"


def has_committed_slots(folder: Path) -> bool:
    """Whether a version was ever finished in the slots of this folder."""
    return (folder / _MARK_NAME).exists()


def is_unfinished_slot(home: Path) -> bool:
    """Whether a folder is a slot whose save was cut short."""
    manifest = home / MANIFEST_NAME
    return home.name in SLOT_NAMES and (not manifest.exists() or manifest.stat().st_size == 0)


def commit_to_slot(
    folder: Path, newest: Path | None, writers: Mapping[str, PartWriter], facts: Mapping[str, Any]
) -> Path:
    """Write a version over the slot that does not hold the newest sound one; gives the slot's folder.

    Raises:
        StorageError: If the disk refuses; the newest version is intact.
        CorruptFileError: If what was read back is not what was written.
    """
    slot = folder / next(name for name in SLOT_NAMES if newest is None or newest.name != name)
    make_folder(slot)
    remove_leftovers(slot)
    _empty_manifest(slot)
    for entry in sorted(slot.iterdir()):
        if entry.is_file() and entry.name not in writers and entry.name != MANIFEST_NAME:
            remove_file(entry, truncate=True)
    write_parts(slot, slot, writers, facts, in_place=True)
    if not has_committed_slots(folder):
        write_json(folder / _MARK_NAME, {"format": 1, "slots": list(SLOT_NAMES)})
    return slot


def _empty_manifest(slot: Path) -> None:
    manifest = slot / MANIFEST_NAME
    if not manifest.exists():
        return
    backend = current_backend()
    with explaining_failures(manifest):
        descriptor = backend.edit(manifest)
        try:
            # No sync: if a power cut brings the old manifest back, its digests do not fit what has changed since.
            backend.truncate(descriptor, 0)
        finally:
            os.close(descriptor)
