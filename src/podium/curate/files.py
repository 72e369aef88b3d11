"""Every image file under a folder, with the ids that all tables use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from podium.advice import option
from podium.errors import SourceError
from podium.tables import normalise_id, path_to_text

__all__ = ["ImageFiles", "list_images"]

_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".json")
_TEXT_ENDINGS = (*_TABLES, ".txt", ".md", ".xml", ".yaml", ".yml", ".html", ".pdf", ".db")


@dataclass(frozen=True)
class ImageFiles:
    """The image files under a folder, sorted by id.

    Args:
        root: The folder.
        paths: Path of each image relative to it, as `path_to_text` writes it.
        ids: Comparable form of each path.
        notes: What was skipped.
    """

    root: Path
    paths: tuple[str, ...]
    ids: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass
class _Found:
    paths: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)


def list_images(root: Path, extensions: Sequence[str]) -> ImageFiles:
    """All images under `root`, at any depth.

    Hidden files, system folders (`__MACOSX`, ...) and links that lead back into a folder above are skipped. Other
    links are followed.

    Args:
        root: Folder to look in.
        extensions: Endings without the dot, in any case; "*" takes every file.

    Raises:
        SourceError: If the folder does not exist, holds no image, or two names differ only in their Unicode form.
    """
    if not root.is_dir():
        kind = "is a file, not a folder" if root.exists() else "does not exist"
        raise SourceError(f"folder {kind}.", where=root, fix="Name the folder that holds the images.")
    wanted = None if "*" in extensions else tuple("." + ending.lower().lstrip(".") for ending in extensions)
    found = _Found()
    _walk(os.fspath(root), "", wanted, [_identity(os.fspath(root))], found)
    if not found.paths:
        raise _no_images(root, wanted, found)
    texts = [path_to_text(path) for path in found.paths]
    pairs = sorted((normalise_id(text), text) for text in texts)
    _refuse_twins(root, pairs)
    return ImageFiles(root, tuple(text for _, text in pairs), tuple(name for name, _ in pairs), _notes(found, pairs))


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - paths here may hold bytes that are not UTF-8, kept as str
    return status.st_dev, status.st_ino


def _walk(
    folder: str, prefix: str, wanted: tuple[str, ...] | None, above: list[tuple[int, int]], found: _Found
) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"folder cannot be read: {error.strerror}.", where=folder) from error
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _SYSTEM_FOLDERS:
            continue
        path = prefix + entry.name
        if entry.is_dir():
            identity = _identity(entry.path) if entry.is_symlink() else (entry.stat().st_dev, entry.inode())
            if identity in above:
                found.loops.append(path)
            else:
                _walk(entry.path, path + "/", wanted, [*above, identity], found)
        elif not entry.is_file():
            found.dead_links.append(path)
        elif wanted is None or entry.name.lower().endswith(wanted):
            found.paths.append(path)
        else:
            found.others.append(path)


def _no_images(root: Path, wanted: tuple[str, ...] | None, found: _Found) -> SourceError:
    looked_for = "any file" if wanted is None else ", ".join(wanted)
    seen = [path_to_text(path) for path in [*found.others, *found.dead_links][:10]]
    content = f"{len(found.others)} other files are there" if seen else "the folder is empty"
    return SourceError(
        f"no image found. Podium looked for {looked_for} at any depth; {content}.",
        where=root,
        fix=f"Name the folder that holds the images, or their file extension with {option('extensions')}.",
        details=seen,
    )


def _refuse_twins(root: Path, pairs: list[tuple[str, str]]) -> None:
    twins = [(one, two) for (name, one), (other, two) in pairwise(pairs) if name == other]
    if twins:
        raise SourceError(
            f"{len(twins)} pairs of files have names that differ only in Unicode form or slashes; their ids would be"
            " the same.",
            where=root,
            fix="Rename or remove one of each pair.",
            details=[f"{one!a} and {two!a}" for one, two in twins],
        )


def _notes(found: _Found, pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    notes = []
    others = [path for path in found.others if "." in path and not path.lower().endswith(_TEXT_ENDINGS)]
    if others:
        first = ", ".join(path_to_text(path) for path in others[:3])
        notes.append(f"{len(others)} files do not have the file extension of an image and were left out ({first}).")
    if found.dead_links:
        first = path_to_text(found.dead_links[0])
        notes.append(
            f"{len(found.dead_links)} links are broken or do not lead to a regular file, and were left out ({first})."
        )
    if found.loops:
        first = path_to_text(found.loops[0])
        notes.append(f"{len(found.loops)} links lead back to a parent folder and were not followed ({first}).")
    n_respelt = sum(name != text for name, text in pairs)
    if n_respelt:
        notes.append(f"{n_respelt} names are not in Unicode form NFC on disk. Their ids are in NFC.")
    n_escaped = sum("\\x" in text for _, text in pairs)
    if n_escaped:
        notes.append(f"{n_escaped} names are not UTF-8. Their ids show the bytes as \\xNN.")
    return tuple(notes)
