"""Cells of a table to the image files they mean.

One rule serves the whole column, so that rows of a folder that is absent never fall onto files of another folder
that bear the same names, and a row that says train never means a file of test. Only letter case may differ row by row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from podium.curate.files import ImageFiles
from podium.curate.folder_source import SPLIT_NAMES
from podium.tables import normalise_id, path_from_text

__all__ = ["FileMatcher", "Match"]

_AMBIGUOUS = -1
_NO_RANK = 99
_Index = dict[str, int]


@dataclass(frozen=True)
class Match:
    """How the cells of a column name images.

    Args:
        rule: The rule, in words.
        rank: Its place among the rules; 0 is the plainest.
        images: Per cell, the positions of its images among the files; empty where there is none.
        ambiguous: Cells that fit several files.
        n_other_case: Cells that fit only when letter case is ignored.
        n_blanks: Cells that fit only without the blanks around them.
        is_folder: Whether cells name folders.
    """

    rule: str
    rank: int
    images: list[tuple[int, ...]]
    ambiguous: list[str]
    n_other_case: int
    n_blanks: int
    is_folder: bool

    @property
    def n_found(self) -> int:
        """Number of cells that have an image."""
        return sum(bool(images) for images in self.images)


@dataclass(frozen=True)
class _Rule:
    """One way to read a cell.

    Args:
        words: The rule, in words.
        rank: Its place among the rules.
        index: What it looks for: "file", "stem", "folder" or "number".
        key: What it looks up for a cell.
        cut: Number of leading folders that are cut off.
        keeps_path: Whether the rest of the path must fit.
    """

    words: str
    rank: int
    index: str
    key: Callable[[str], str]
    cut: int = 0
    keeps_path: bool = True


class FileMatcher:
    """Finds the files that cells mean.

    Args:
        files: The images.
    """

    def __init__(self, files: ImageFiles) -> None:
        self._files = files
        self._folders = _images_by_folder(files.ids)
        self._folder_names = list(self._folders)
        self._indexes: dict[tuple[str, bool, bool], _Index] = {}

    def match(self, cells: Sequence[str]) -> Match:
        """The rule that finds an image for most cells, and what it finds.

        Rules are tried from the plainest on; where some find anything, the looser ones are not tried.
        """
        keys = [self._key(cell) for cell in cells]
        steps = _steps(keys)
        for rules in steps:
            for fold_case in (False, True):
                rule = self._best_rule(rules, keys, fold_case)
                if rule is not None:
                    return self._apply(rule, cells, keys)
        return self._apply(replace(steps[0][0], rank=_NO_RANK), cells, keys)

    def _key(self, cell: str) -> str:
        """The cell as a path; blanks around it and what looks like an escaped byte stay only where a file has them."""
        key = normalise_id(cell)
        plain = normalise_id(cell.strip().replace("\\", "/"))
        return key if key == plain or self._is_known(key) else plain

    def _is_known(self, key: str) -> bool:
        """Whether the key, or what it ends in, is an end of a file's or folder's path, letter case aside."""
        ends = {key.casefold(), key.casefold().rsplit("/", 1)[-1]} - {""}
        return any(end in self._index(kind, True) for kind in ("file", "stem", "folder") for end in ends)

    def _best_rule(self, rules: Sequence[_Rule], keys: Sequence[str], fold_case: bool) -> _Rule | None:
        """The first rule that finds most; None where all find nothing. A rule that finds all ends the search."""
        best, most = None, 0
        for rule in rules:
            positions = (self._find(rule, key, fold_case) for key in keys)
            n_found = sum(position not in (None, _AMBIGUOUS) for position in positions)
            if n_found > most:
                best, most = rule, n_found
            if most == len(keys):
                break
        return best

    def _find(self, rule: _Rule, key: str, fold_case: bool) -> int | None:
        """Position of what the cell means; None where there is none or it lies in the folder of another split."""
        wanted = rule.key(key)
        is_whole = rule.cut > 0 and "/" not in wanted
        position = self._index(rule.index, fold_case, is_whole).get(_folded(wanted, fold_case))
        is_sure = rule.cut == 0 and rule.keeps_path
        if position is None or position == _AMBIGUOUS or is_sure:
            return position
        found = self._folder_names[position] + "/" if rule.index == "folder" else self._files.ids[position]
        said = _splits(key + "/" if rule.index == "folder" else key)
        return None if said and _splits(found) and not said & _splits(found) else position

    def _apply(self, rule: _Rule, cells: Sequence[str], keys: Sequence[str]) -> Match:
        images: list[tuple[int, ...]] = []
        ambiguous, n_other_case, n_blanks = [], 0, 0
        for cell, key in zip(cells, keys, strict=True):
            position = self._find(rule, key, False)
            if position is None:
                position = self._find(rule, key, True)
                n_other_case += position is not None
            n_blanks += position is not None and cell != cell.strip() and key == key.strip()
            if position == _AMBIGUOUS:
                ambiguous.append(cell)
            images.append(() if position is None or position == _AMBIGUOUS else self._images(rule, position))
        return Match(rule.words, rule.rank, images, ambiguous, n_other_case, n_blanks, rule.index == "folder")

    def _images(self, rule: _Rule, position: int) -> tuple[int, ...]:
        return self._folders[self._folder_names[position]] if rule.index == "folder" else (position,)

    def _index(self, kind: str, fold_case: bool, is_whole: bool = False) -> _Index:
        """Keys to positions; where `is_whole`, of what lies in no folder only."""
        key = (kind, fold_case, is_whole)
        if key not in self._indexes:
            names = self._folder_names if kind == "folder" else self._files.ids
            entries = ((i, keys) for i, keys in self._names(kind) if not (is_whole and "/" in names[i]))
            self._indexes[key] = _build_index(entries, fold_case)
        return self._indexes[key]

    def _names(self, kind: str) -> Iterable[tuple[int, list[str]]]:
        if kind == "folder":
            return ((i, _tails(name)) for i, name in enumerate(self._folder_names))
        ids = self._files.ids
        if kind == "file":
            return ((i, _tails(name) + _other_spellings(name)) for i, name in enumerate(ids))
        if kind == "stem":
            return (
                (i, [_without_ending(key) for key in _tails(name) + _other_spellings(name)])
                for i, name in enumerate(ids)
            )
        return ((i, [_number(name)]) for i, name in enumerate(ids))

    def files_like(self, cell: str) -> list[str]:
        """Ids of files whose name begins like the cell's, for a message."""
        stem = PurePosixPath(normalise_id(cell)).stem
        return [name for name in self._files.ids if PurePosixPath(name).stem == stem][:5]


def _steps(keys: Sequence[str]) -> list[list[_Rule]]:
    """Rules from the plainest to the loosest, in steps; a step counts only where those before it find nothing."""
    # An index column: 0, 1, ..., 10000 for 00000.png, 00001.png, ..., 10000.png. Plain cells only, never paths.
    number = _Rule("by the number in the file name", 9, "number", lambda key: "" if "/" in key else _number(key))
    cuts = [_path_rules(keys, cut) for cut in range(_shared_depth(keys) + 1)]
    return [[*cuts[0], number], *cuts[1:], _bold_rules()]


def _path_rules(keys: Sequence[str], cut: int) -> list[_Rule]:
    """Rules that keep to the path, less `cut` leading folders, which all cells share."""
    shared = "/".join(max(keys).split("/")[:cut])
    less = f", less the leading {shared + '/'!r}" if cut else ""
    rank = 3 if cut else 0

    def key(cell: str) -> str:
        return _cut(cell, cut)

    return [
        _Rule(f"by path{less}", rank, "file", key, cut),
        _Rule(f"by path without ending{less}", rank + 1, "stem", key, cut),
        _Rule(f"as a folder of images{less}", rank + 2, "folder", key, cut),
    ]


def _bold_rules() -> list[_Rule]:
    """Rules for columns of which no cell can be found by its path."""

    def name(cell: str) -> str:
        return cell.rstrip("/").rsplit("/", 1)[-1]

    return [
        _Rule("by file name alone; the folders differ", 6, "file", name, keeps_path=False),
        _Rule("by file name alone without ending; the folders differ", 7, "stem", name, keeps_path=False),
        _Rule("as a folder of images by its name alone", 8, "folder", name, keeps_path=False),
        _Rule("by path with another ending", 10, "stem", _without_ending, keeps_path=False),
        _Rule(
            "by file name alone with another ending",
            11,
            "stem",
            lambda cell: _without_ending(name(cell)),
            keeps_path=False,
        ),
    ]


def _splits(path: str) -> frozenset[str]:
    """The splits that the folders of a path name."""
    return frozenset(SPLIT_NAMES[part] for part in path.casefold().split("/")[:-1] if part in SPLIT_NAMES)


def _cut(key: str, n_folders: int) -> str:
    return key.split("/", n_folders)[-1].rstrip("/") if n_folders else key.rstrip("/")


def _shared_depth(keys: Sequence[str]) -> int:
    filled = [key for key in keys if key]
    if not filled:
        return 0
    first, last = min(filled).split("/")[:-1], max(filled).split("/")[:-1]
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return depth


def _tails(name: str) -> list[str]:
    """The whole path first, then its shorter and shorter ends."""
    parts = name.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _other_spellings(name: str) -> list[str]:
    """Ends of a path whose bytes are not UTF-8 but CP949, as archives packed on Korean Windows leave them."""
    if "\\x" not in name:
        return []
    try:
        return _tails(os.fsencode(path_from_text(name)).decode("cp949"))
    except UnicodeDecodeError:
        return []


def _without_ending(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.rpartition(".")
    has_ending = bool(dot and stem and 0 < len(ending) <= 5 and ending.isalnum())
    return folder + slash + (stem if has_ending else file)


def _number(name: str) -> str:
    stem = _without_ending(name.rsplit("/", 1)[-1])
    return str(int(stem)) if stem.isascii() and stem.isdecimal() and len(stem) <= 18 else ""


def _folded(key: str, fold_case: bool) -> str:
    return key.casefold() if fold_case else key


def _build_index(names: Iterable[tuple[int, list[str]]], fold_case: bool) -> _Index:
    """Keys to positions. A whole path wins over an equal end of another path."""
    whole: _Index = {}
    ends: _Index = {}
    for position, keys in names:
        for i, key in enumerate(keys):
            key = _folded(key, fold_case)
            into = ends if i else whole
            if key:
                into[key] = position if into.get(key, position) == position else _AMBIGUOUS
    return ends | whole


def _images_by_folder(ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Images inside each folder, at any depth."""
    inside: dict[str, list[int]] = {}
    for position, name in enumerate(ids):
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            inside.setdefault("/".join(parts[:depth]), []).append(position)
    return {folder: tuple(images) for folder, images in inside.items()}
