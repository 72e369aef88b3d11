"""Everything under a folder: images, other files, empty folders, and links that were not followed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field

from podium.errors import SourceError

__all__ = ["Found", "walk"]

_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})

_RECORDS_OF_RUNS = frozenset({"recipe.yaml", "ensemble.json"})
"""One of these lies beside the run.json of every run of Podium's, whose sheets and plots are no data."""

Identity = tuple[int, int]
"""Device and number of a folder, the same by whatever path it is reached."""


@dataclass
class Found:
    """What a walk met. Paths are relative to its start, as the system gives them.

    Args:
        paths: Files with a wanted ending.
        others: Other files.
        empty: Folders that hold nothing.
        dead_links: Links that lead nowhere, and what is neither file nor folder.
        loops: Links to a folder that they lie in.
        outward: Links to a folder outside of the start that were not followed.
    """

    paths: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    outward: list[str] = field(default_factory=list)


@dataclass
class _Walker:
    root: str
    wanted: tuple[str, ...] | None
    follow_links: bool
    found: Found = field(default_factory=Found)

    def enter(self, folder: str, prefix: str, above: list[Identity]) -> None:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SourceError(f"folder cannot be read: {error.strerror}.", where=folder) from error
        names = {entry.name for entry in entries}
        if prefix and "run.json" in names and names & _RECORDS_OF_RUNS:
            return
        if not entries:
            self.found.empty.append(prefix.rstrip("/"))
        for entry in entries:
            if not entry.name.startswith(".") and entry.name not in _SYSTEM_FOLDERS:
                self._meet(entry, prefix + entry.name, above)

    def _meet(self, entry: os.DirEntry[str], path: str, above: list[Identity]) -> None:
        kind = _kind_of(entry)
        if kind == "folder":
            self._meet_folder(entry, path, above)
        elif kind == "":
            self.found.dead_links.append(path)
        elif self.wanted is None or entry.name.lower().endswith(self.wanted):
            self.found.paths.append(path)
        else:
            self.found.others.append(path)

    def _meet_folder(self, entry: os.DirEntry[str], path: str, above: list[Identity]) -> None:
        identity = _identity(entry.path) if entry.is_symlink() else (entry.stat().st_dev, entry.inode())
        if identity in above:
            self.found.loops.append(path)
        elif entry.is_symlink() and not self.follow_links and not _is_inside(entry.path, self.root):
            self.found.outward.append(path)
        else:
            self.enter(entry.path, path + "/", [*above, identity])


def walk(root: str, wanted: tuple[str, ...] | None, *, follow_links: bool = False) -> Found:
    """Everything under a folder, in order of the names. Hidden files, system folders (`__MACOSX`, ...) and
    Podium's own runs are skipped.

    Links to files are followed; links to folders if they lead to a folder inside, or `follow_links` is set. A link to
    a folder that holds it, or that holds the start, is never followed.

    Args:
        root: The folder.
        wanted: Endings of wanted files with their dot, in lower case; None wants all.
        follow_links: Whether to leave the folder by a link.

    Raises:
        SourceError: If a folder cannot be read.
    """
    walker = _Walker(os.path.realpath(root), wanted, follow_links)
    walker.enter(root, "", _identities_above(walker.root))
    return walker.found


def _kind_of(entry: os.DirEntry[str]) -> str:
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:  # a link to itself
        return ""


def _identity(path: str) -> Identity:
    status = os.stat(path)  # noqa: PTH116 - paths here may hold bytes that are not UTF-8, kept as str
    return status.st_dev, status.st_ino


def _identities_above(root: str) -> list[Identity]:
    """The folder and all folders that hold it."""
    found = [_identity(root)]
    while os.path.dirname(root) != root:  # noqa: PTH120
        root = os.path.dirname(root)  # noqa: PTH120
        with suppress(OSError):  # a folder above may be closed to us
            found.append(_identity(root))
    return found


def _is_inside(path: str, root: str) -> bool:
    return os.path.realpath(path).startswith(root.rstrip(os.sep) + os.sep)
