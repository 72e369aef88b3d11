"""Numbered versions of a set of files, such as checkpoints: the newest sound one is always loadable.

In mode "folders" each version is a folder `00000042/`, made under a temporary name and renamed when it is complete and
verified. In mode "slots" two fixed folders are overwritten in turn (`slots.py`), for cloud drives whose bin keeps what
is deleted or replaced. A reader need not know the mode.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder, remove_leftovers, remove_tree
from podium.durable.manifest import MANIFEST_NAME, check_manifest, read_manifest
from podium.durable.parts import PartWriter, write_parts
from podium.durable.slots import SLOT_NAMES, commit_to_slot, has_committed_slots, is_unfinished_slot
from podium.durable.temporary import temporary_path
from podium.errors import CorruptFileError, StorageError

__all__ = ["Version", "commit_version", "list_versions", "load_newest", "load_version"]

_N_KEPT = 2
# A number committed again, after its first version was damaged, gets a suffix: 00000042-1.
_NAME = re.compile(r"(\d{8,})(?:-(\d+))?\Z")


@dataclass(frozen=True, slots=True)
class Version:
    """A version whose files were found to be what was written.

    Attributes:
        number: Its number.
        folder: Where its files are.
        meta: What was given with it.
        parts: Path of each file, by its name.
        notes: Lines for the user: versions that were skipped and why, or old ones that could not be removed.
    """

    number: int
    folder: Path
    meta: Mapping[str, Any]
    parts: Mapping[str, Path]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class _Home:
    """A folder that holds or should hold a version; damaged slots have number -1."""

    number: int
    attempt: int
    path: Path


def commit_version(
    folder: str | Path,
    number: int,
    writers: Mapping[str, PartWriter],
    meta: Mapping[str, Any] | None = None,
    *,
    keep: Collection[int] = (),
    mode: Literal["folders", "slots"] = "folders",
) -> Version:
    """Write a version, durable and verified, then remove those no longer wanted.

    At any instant either the versions of before or the new one can be loaded. Hold the run's lock.

    Args:
        folder: Folder of all versions; made when missing.
        number: At least 0 and not below the newest sound version. The same number again replaces it.
        writers: A function for each file name that writes the file's content to the binary file it is given.
        meta: JSON-ready facts to keep with the version.
        keep: Numbers never removed, besides the newest two. Not for slots, which are two.
        mode: "slots" for a cloud drive; see the module.

    Returns:
        The new version.

    Raises:
        StorageError: If the disk refuses; older versions are intact, and nothing is left of the new one.
        CorruptFileError: If what was read back is not what was written.
        ValueError: If a sound version has a higher number, or an argument is out of its range.
    """
    folder = Path(folder)
    _check_arguments(number, writers, keep, mode)
    make_folder(folder)
    remove_leftovers(folder)
    _refuse_going_back(folder, number)
    facts = {"number": number, "meta": dict(meta or {})}
    if mode == "slots":
        newest = _newest_slot(folder)
        home = commit_to_slot(folder, newest, writers, facts)
        notes: tuple[str, ...] = ()
    else:
        home = _commit_to_folder(folder, number, writers, facts)
        notes = _prune(folder, _parse_name(home), keep)
    return replace(_describe(home, contents=False), notes=notes)


def load_newest(folder: str | Path) -> Version | None:
    """The newest version that is what was written; None where none was ever finished.

    Returns:
        The version. Its `notes` say which newer ones were skipped and why; show them to the user.

    Raises:
        CorruptFileError: If there are versions and all are damaged. `details` says what is wrong with each.
    """
    folder = Path(folder)
    skipped: list[str] = []
    was_finished = has_committed_slots(folder)
    for home in _find_homes(folder):
        try:
            return replace(_describe(home.path), notes=tuple(skipped))
        except StorageError as error:
            was_finished = was_finished or not is_unfinished_slot(home.path)
            skipped.append(f"{home.path.name} was skipped: {error}")
    if was_finished:
        raise CorruptFileError(
            "no version in this folder can be loaded.",
            where=folder,
            fix="Restore one from a backup, or remove the folder to start over.",
            details=skipped,
        )
    return None


def load_version(folder: str | Path, number: int) -> Version:
    """The version of this number.

    Raises:
        CorruptFileError: If it is damaged. Names the first bad file.
        StorageError: If there is none of this number.
    """
    for home in _find_homes(Path(folder)):
        if home.number == number:
            return _describe(home.path)
    raise StorageError(f"there is no version {number}.", where=folder, fix=f"There are: {list_versions(folder)}.")


def list_versions(folder: str | Path) -> list[int]:
    """Numbers of the versions in a folder, ascending; they may be damaged."""
    return sorted({home.number for home in _find_homes(Path(folder)) if home.number >= 0})


def _check_arguments(number: int, writers: Mapping[str, PartWriter], keep: Collection[int], mode: str) -> None:
    if number < 0:
        raise ValueError(f"a version's number is at least 0, got {number}")
    if not writers:
        raise ValueError("a version needs at least one file")
    for name in writers:
        if name in ("", MANIFEST_NAME) or name.startswith(".") or "/" in name or "\\" in name:
            raise ValueError(f"{name!r} cannot be the name of a version's file")
    if mode not in ("folders", "slots"):
        raise ValueError(f"mode is 'folders' or 'slots', got {mode!r}")
    if mode == "slots" and keep:
        raise ValueError("two slots hold the newest two versions; put what must be kept into its own folder")


def _find_homes(folder: Path) -> list[_Home]:
    """All homes, newest first; damaged slots come first of all, so that a fallback mentions them."""
    if not folder.is_dir():
        return []
    numbered, slots = [], []
    with explaining_failures(folder):
        entries = [entry for entry in folder.iterdir() if entry.is_dir()]
    for entry in entries:
        if _NAME.match(entry.name):
            numbered.append(_parse_name(entry))
        elif entry.name in SLOT_NAMES:
            slots.append(_read_slot(entry))
    sound = sorted([*numbered, *(home for home in slots if home.number >= 0)], reverse=True)
    return [*(home for home in slots if home.number < 0), *sound]


def _parse_name(path: Path) -> _Home:
    match = _NAME.match(path.name)
    assert match is not None
    return _Home(int(match[1]), int(match[2] or 0), path)


def _read_slot(path: Path) -> _Home:
    with suppress(StorageError):
        number = read_manifest(path).meta.get("number")
        if isinstance(number, int):
            return _Home(number, 0, path)
    return _Home(-1, 0, path)


def _describe(home: Path, *, contents: bool = True) -> Version:
    manifest = check_manifest(home, contents=contents)
    number, meta = manifest.meta.get("number"), manifest.meta.get("meta")
    if not isinstance(number, int) or not isinstance(meta, dict):
        raise CorruptFileError("the manifest in this folder is not that of a version.", where=home)
    if _NAME.match(home.name) and _parse_name(home).number != number:
        raise CorruptFileError(f"the manifest in this folder is that of version {number}.", where=home)
    return Version(number, home, meta, {name: home / name for name in manifest.sizes})


def _is_sound(home: Path, *, contents: bool = True) -> bool:
    try:
        _describe(home, contents=contents)
    except StorageError:
        return False
    return True


def _refuse_going_back(folder: Path, number: int) -> None:
    for home in _find_homes(folder):
        if home.number > number and _is_sound(home.path):
            raise ValueError(f"{folder}: version {home.number} is newer than {number}; load it and continue from there")


def _newest_slot(folder: Path) -> Path | None:
    slots = [home for home in _find_homes(folder) if home.path.name in SLOT_NAMES]
    return next((home.path for home in slots if _is_sound(home.path)), None)


def _commit_to_folder(folder: Path, number: int, writers: Mapping[str, PartWriter], facts: Mapping[str, Any]) -> Path:
    attempts = [
        home.attempt + 1 for home in _find_homes(folder) if _NAME.match(home.path.name) and home.number == number
    ]
    suffix = f"-{max(attempts)}" if attempts else ""
    target = folder / f"{number:08d}{suffix}"
    temporary = temporary_path(folder)
    backend = current_backend()
    try:
        with explaining_failures(target):
            backend.mkdir(temporary)
        write_parts(temporary, target, writers, facts)
        with explaining_failures(target):
            backend.replace(temporary, target)
            backend.fsync_dir(folder)
    except BaseException:
        with suppress(StorageError):
            remove_tree(temporary)
        raise
    return target


def _prune(folder: Path, newest: _Home, keep: Collection[int]) -> tuple[str, ...]:
    """Remove what is no longer wanted; what cannot be removed is told, since the new version is safe already."""
    notes: list[str] = []
    seen, n_recent = {newest.number}, 1
    for home in _find_homes(folder):
        if home == newest or not _NAME.match(home.path.name):
            continue
        # A higher number is damaged, or the commit would have been refused; a number seen is one committed again.
        if home.number < newest.number and home.number not in seen:
            is_recent = n_recent < _N_KEPT and _is_sound(home.path, contents=False)
            n_recent += is_recent
            if is_recent or home.number in keep:
                seen.add(home.number)
                continue
        try:
            _discard(home.path)
        except StorageError as error:
            notes.append(f"an old version could not be removed: {error}")
    return tuple(notes)


def _discard(home: Path) -> None:
    # Renamed first, so that a crash in the middle leaves a leftover and never half a version.
    temporary = temporary_path(home.parent)
    with explaining_failures(home):
        current_backend().replace(home, temporary)
    remove_tree(temporary)
