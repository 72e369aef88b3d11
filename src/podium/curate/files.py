"""Every image file under a folder, with the ids that all tables use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from podium.advice import option
from podium.advice import options as advise
from podium.curate.lost_classes import count_endings, is_picture
from podium.curate.walk import Found, walk
from podium.errors import SourceError
from podium.listing import agree, count_of
from podium.tables import normalise_id, path_to_text

__all__ = ["ImageFiles", "list_images", "make_image_files"]

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".json")
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".7z", ".rar")
_PACKED = (
    *_ARCHIVES,
    ".parquet",
    ".arrow",
    ".h5",
    ".hdf5",
    ".npz",
    ".npy",
    ".mat",
    ".tfrecord",
    ".mdb",
    ".pkl",
    ".rec",
)
_TEXT_ENDINGS = (*_TABLES, ".txt", ".md", ".xml", ".yaml", ".yml", ".html", ".pdf", ".db")


@dataclass(frozen=True)
class ImageFiles:
    """The image files under a folder, sorted by id.

    Args:
        root: The folder.
        paths: Path of each image relative to it, as `path_to_text` writes it.
        ids: Comparable form of each path.
        notes: What was skipped.
        others: Ids of files that have no ending of an image.
        empty: Ids of folders that hold nothing.
    """

    root: Path
    paths: tuple[str, ...]
    ids: tuple[str, ...]
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def list_images(root: Path, extensions: Sequence[str], *, follow_links: bool = False) -> ImageFiles:
    """All images under `root`, at any depth.

    Hidden files, system folders (`__MACOSX`, ...), runs of Podium and links that lead back into a folder above are
    skipped. Other links are followed, those to a folder outside only with `follow_links`.

    Args:
        root: Folder to look in.
        extensions: Endings without the dot, in any case; "*" takes every file.
        follow_links: Whether to follow links to folders outside of `root`.

    Raises:
        SourceError: If the folder does not exist, holds no image, or two names differ only in their Unicode form.
    """
    _require_folder(root)
    wanted = None if "*" in extensions else tuple("." + ending.lower().lstrip(".") for ending in extensions)
    found = walk(os.fspath(root), wanted, follow_links=follow_links)
    if not found.paths:
        raise _no_images(root, wanted, found)
    files = make_image_files(root, found.paths)
    pairs = list(zip(files.ids, files.paths, strict=True))
    return replace(files, notes=_notes(found, pairs), others=_ids_of(found.others), empty=_ids_of(found.empty))


def make_image_files(root: Path, paths: Sequence[str]) -> ImageFiles:
    """Image files by their paths relative to a folder.

    Raises:
        SourceError: If two names differ only in their Unicode form.
    """
    pairs = sorted((normalise_id(text), text) for text in map(path_to_text, paths))
    _refuse_twins(root, pairs)
    return ImageFiles(root, paths=tuple(text for _, text in pairs), ids=tuple(name for name, _ in pairs))


def _require_folder(root: Path) -> None:
    if root.is_dir():
        return
    if not root.exists():
        kind = "does not exist"
    else:
        kind = "is a file, not a folder" if root.is_file() else "is neither a file nor a folder"
    raise SourceError(f"folder {kind}.", where=root, fix="Name the folder that holds the images.")


def _ids_of(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(normalise_id(path_to_text(path)) for path in paths))


def _no_images(root: Path, wanted: tuple[str, ...] | None, found: Found) -> SourceError:
    looked_for = "any file" if wanted is None else ", ".join(wanted)
    content, fix, seen = _what_is_there(found)
    return SourceError(
        f"no image found. Podium looked for {looked_for} at any depth; {content}.",
        where=root,
        fix=fix,
        details=[path_to_text(path) for path in seen[:10]],
    )


def _what_is_there(found: Found) -> tuple[str, str, list[str]]:
    """What stands in place of images, what to do, and paths of it."""
    if found.outward:
        n = len(found.outward)
        content = (
            f"{count_of(n, 'link leads', 'links lead')} to folders outside and {agree(n, 'was', 'were')} not followed"
        )
        return content, f"If the images are there, set {advise(follow_links=True)}.", found.outward
    packed = [path for path in found.others if path.lower().endswith(_PACKED)]
    if packed:
        fix = "Images inside such files are not read: unpack them, or write each image into a file of its own."
        return f"{count_of(len(found.others), 'other file is', 'other files are')} there", fix, packed
    if found.others and all(map(is_picture, found.others)):
        content = f"{count_endings(found.others)} are there, which it does not read"
        return content, "Convert them, to JPEG or PNG for example.", found.others
    fix = f"Name the folder that holds the images, or their file extension with {option('extensions')}."
    if found.others:
        return f"{count_of(len(found.others), 'other file is', 'other files are')} there", fix, found.others
    if found.dead_links:
        content = (
            f"{count_of(len(found.dead_links), 'link is broken or does', 'links are broken or do')} not lead to a file"
        )
        return content, fix, found.dead_links
    return "the folder is empty", fix, []


def _refuse_twins(root: Path, pairs: list[tuple[str, str]]) -> None:
    twins = [(one, two) for (name, one), (other, two) in pairwise(pairs) if name == other]
    if twins:
        raise SourceError(
            f"{count_of(len(twins), 'pair of files has', 'pairs of files have')} names that differ only in Unicode"
            " form or slashes; their ids would be the same.",
            where=root,
            fix="Rename or remove one of each pair.",
            details=[f"{one!a} and {two!a}" for one, two in twins],
        )


def _notes(found: Found, pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    notes = []
    others = [path for path in found.others if "." in path and not path.lower().endswith(_TEXT_ENDINGS)]
    if others:
        first = ", ".join(path_to_text(path) for path in others[:3])
        notes.append(
            f"{count_of(len(others), 'file does', 'files do')} not have the file extension of an image and"
            f" {agree(len(others), 'was', 'were')} left out ({first})."
        )
    if found.dead_links:
        first = path_to_text(found.dead_links[0])
        notes.append(
            f"{count_of(len(found.dead_links), 'link is broken or does', 'links are broken or do')} not lead to a"
            f" regular file, and {agree(len(found.dead_links), 'was', 'were')} left out ({first})."
        )
    if found.loops:
        first = path_to_text(found.loops[0])
        notes.append(
            f"{count_of(len(found.loops), 'link leads', 'links lead')} back to a parent folder and were not"
            f" followed ({first})."
        )
    if found.outward:
        first = path_to_text(found.outward[0])
        notes.append(
            f"{count_of(len(found.outward), 'link leads', 'links lead')} to folders outside and were not followed"
            f" ({first}). To follow them, set {advise(follow_links=True)}."
        )
    unread = [text for _, text in pairs if is_picture(text)]
    if unread:
        notes.append(
            f"{count_of(len(unread), 'file has', 'files have')} the ending of a format that Podium does not read"
            f" ({count_endings(unread)}); they are set aside unless they hold another. Convert them, to JPEG or PNG"
            " for example."
        )
    n_respelt = sum(name != text for name, text in pairs)
    if n_respelt:
        notes.append(
            f"{count_of(n_respelt, 'name is', 'names are')} not in Unicode form NFC on disk. Their ids are in NFC."
        )
    n_escaped = sum("\\x" in text for _, text in pairs)
    if n_escaped:
        notes.append(f"{count_of(n_escaped, 'name is', 'names are')} not UTF-8. Their ids show the bytes as \\xNN.")
    return tuple(notes)
