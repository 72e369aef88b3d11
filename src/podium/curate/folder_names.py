"""What the folders above an image mean: its split, its class, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podium.curate.files import ImageFiles
from podium.curate.lost_classes import is_picture
from podium.curate.options import LEFT_OUT, ScanOptions
from podium.curate.parallel_folders import refuse_parallel, shared_end
from podium.curate.split_folders import SplitLevel, find_split_level
from podium.errors import UnknownNameError
from podium.tables import split_of

__all__ = ["FolderNames", "folder_of", "name_folders"]

Folder = tuple[str, ...]


@dataclass(frozen=True)
class FolderNames:
    """How a folder is read.

    Args:
        shared: The leading folders that all images share.
        level: The level that names splits, if there is one.
        end: The last folders that all images share.
        left_out: Names of folders whose images are not used.
    """

    shared: Folder
    level: SplitLevel | None
    end: Folder
    left_out: frozenset[str]

    def split_of(self, folder: Folder) -> str:
        """The split that a folder names, "none" where its images are not used, "" where there is none."""
        if not self.left_out.isdisjoint(folder):
            return LEFT_OUT
        return self.level.split_of(self._below(folder)) if self.level is not None else ""

    def class_of(self, folder: Folder) -> Folder:
        """The folders that make up the class; empty where there is none."""
        below = self._below(folder)
        name = below if self.level is None else self.level.strip(below)
        return name[: len(name) - len(self.end)] if self.end and name[-len(self.end) :] == self.end else name

    def _below(self, folder: Folder) -> Folder:
        return folder[len(self.shared) :] if folder[: len(self.shared)] == self.shared else ()


def folder_of(name: str) -> Folder:
    """The folders of a path, without the name of its file."""
    return tuple(name.split("/")[:-1])


def name_folders(files: ImageFiles, options: ScanOptions) -> FolderNames:
    """How the folders of these images are read.

    Args:
        files: The images.
        options: `layout`, `unlabelled` and `split_names` are read.

    Raises:
        SourceError: If it cannot be told what folders mean; lists what they may be.
        UnknownNameError: If `split_names` names a folder that is not there.
    """
    folders = [folder_of(name) for name in files.ids]
    ask = options.layout != "folders" and not options.unlabelled
    left_out, given = _check_given(folders, options)
    named = sorted({folder for folder in folders if folder and left_out.isdisjoint(folder)})
    shared = _shared_depth([*named, *_folders_of_pictures(files)] if ask else named)
    if options.layout == "folders" and shared and len(named) == 1:
        shared -= 1
    below = [folder[shared:] for folder in named if len(folder) > shared]
    level = find_split_level(below, given, ask=ask) if below else None
    used = [folder for folder in below if level is None or level.split_of(folder) != LEFT_OUT]
    classes = [name for folder in used if (name := folder if level is None else level.strip(folder))]
    end = shared_end(classes)
    if ask:
        cut = [name[: len(name) - len(end)] for name in classes]
        n_above = 0 if level is None else 1 + max(level.n_inner.values(), default=0)
        has_strays = len(classes) < len(named) or () in folders
        refuse_parallel(cut, n_above=n_above, has_strays=has_strays, wanted=options.split_names)
    return FolderNames(named[0][:shared] if named else (), level, end, left_out)


def _check_given(folders: Iterable[Folder], options: ScanOptions) -> tuple[frozenset[str], dict[str, str]]:
    """Folder names to leave out, and the splits of others, as the user told them."""
    known = {name for folder in folders for name in folder}
    for name in options.split_names:
        if name not in known:
            raise UnknownNameError("folder", name, known, field="split_names")
    left_out = frozenset(name for name, split in options.split_names.items() if split == LEFT_OUT)
    return left_out, {name: split for name, split in options.split_names.items() if split != LEFT_OUT}


def _folders_of_pictures(files: ImageFiles) -> list[Folder]:
    """Folders of pictures in a format that is not read: they are classes as much as the others."""
    return sorted({folder for name in files.others if is_picture(name) and (folder := folder_of(name))})


def _shared_depth(folders: Sequence[Folder]) -> int:
    """How many leading folders all images share, never counting a split folder."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        if split_of(first[depth]) and len(set(folders)) > 1:
            break
        depth += 1
    return depth
