"""Cells of a table to the image files they mean.

One rule serves the whole column, so that rows of a folder that is absent never fall onto files of another folder
that bear the same names. Only letter case may differ row by row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from podium.curate.files import ImageFiles
from podium.tables import normalise_id, path_from_text

__all__ = ["FileMatcher", "Match"]

_AMBIGUOUS = -1
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
        is_folder: Whether cells name folders.
    """

    rule: str
    rank: int
    images: list[tuple[int, ...]]
    ambiguous: list[str]
    n_other_case: int
    is_folder: bool

    @property
    def n_found(self) -> int:
        """Number of cells that have an image."""
        return sum(bool(images) for images in self.images)


@dataclass(frozen=True)
class _Rule:
    words: str
    index: str
    key: Callable[[str], str]


class FileMatcher:
    """Finds the files that cells mean.

    Args:
        files: The images.
    """

    def __init__(self, files: ImageFiles) -> None:
        self._files = files
        self._folders = _images_by_folder(files.ids)
        self._folder_names = list(self._folders)
        self._indexes: dict[tuple[str, bool], _Index] = {}

    def match(self, cells: Sequence[str]) -> Match:
        """The rule that finds an image for most cells, and what it finds."""
        keys = [normalise_id(cell) for cell in cells]
        plain, bold = _plain_rules(keys), _bold_rules()
        rules = [*plain, *bold]
        for tried in (plain, bold):
            for fold_case in (False, True):
                rule = self._best_rule(tried, keys, fold_case)
                if rule is not None:
                    return self._apply(rule, rules.index(rule), cells, keys)
        return self._apply(rules[0], len(rules), cells, keys)

    def _best_rule(self, rules: Sequence[_Rule], keys: Sequence[str], fold_case: bool) -> _Rule | None:
        """The first rule that finds most; None where all find nothing. A rule that finds all ends the search."""
        best, most = None, 0
        for rule in rules:
            n_found = self._count(rule, keys, fold_case)
            if n_found > most:
                best, most = rule, n_found
            if most == len(keys):
                break
        return best

    def _count(self, rule: _Rule, keys: Sequence[str], fold_case: bool) -> int:
        index = self._index(rule.index, fold_case)
        found = (index.get(_folded(rule.key(key), fold_case), _AMBIGUOUS) for key in keys)
        return sum(position != _AMBIGUOUS for position in found)

    def _apply(self, rule: _Rule, rank: int, cells: Sequence[str], keys: Sequence[str]) -> Match:
        exact = self._index(rule.index, False)
        images: list[tuple[int, ...]] = []
        ambiguous, n_other_case = [], 0
        for cell, key in zip(cells, keys, strict=True):
            wanted = rule.key(key)
            position = exact.get(wanted)
            if position is None and wanted:
                position = self._index(rule.index, True).get(wanted.casefold())
                n_other_case += position is not None
            if position == _AMBIGUOUS:
                ambiguous.append(cell)
            images.append(() if position is None or position == _AMBIGUOUS else self._images(rule, position))
        return Match(rule.words, rank, images, ambiguous, n_other_case, rule.index == "folder")

    def _images(self, rule: _Rule, position: int) -> tuple[int, ...]:
        return self._folders[self._folder_names[position]] if rule.index == "folder" else (position,)

    def _index(self, kind: str, fold_case: bool) -> _Index:
        if (kind, fold_case) not in self._indexes:
            self._indexes[kind, fold_case] = _build_index(self._names(kind), fold_case)
        return self._indexes[kind, fold_case]

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


def _plain_rules(keys: Sequence[str]) -> list[_Rule]:
    """Rules that keep to the path. Leading folders are cut off only where all cells share them."""
    rules = []
    depth = _shared_depth(keys)
    for cut in range(depth + 1):
        shared = "/".join(max(keys).split("/")[:cut])
        less = f", less the leading {shared + '/'!r}" if cut else ""
        rules.append(_Rule(f"by path{less}", "file", lambda key, cut=cut: _cut(key, cut)))  # type: ignore[misc]
        rules.append(_Rule(f"by path without ending{less}", "stem", lambda key, cut=cut: _cut(key, cut)))  # type: ignore[misc]
        rules.append(_Rule(f"as a folder of images{less}", "folder", lambda key, cut=cut: _cut(key, cut)))  # type: ignore[misc]
    # An index column: 0, 1, ..., 10000 for 00000.png, 00001.png, ..., 10000.png. Plain cells only, never paths.
    rules.append(_Rule("by the number in the file name", "number", lambda key: "" if "/" in key else _number(key)))
    return rules


def _bold_rules() -> list[_Rule]:
    """Rules for columns of which no cell can be found by its path."""
    return [
        _Rule("by file name alone; the folders differ", "file", lambda key: key.rsplit("/", 1)[-1]),
        _Rule("by path with another ending", "stem", _without_ending),
        _Rule("by file name alone with another ending", "stem", lambda key: _without_ending(key.rsplit("/", 1)[-1])),
    ]


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
