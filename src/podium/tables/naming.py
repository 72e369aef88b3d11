"""Cells of a table to the images that they mean: the one joiner of names.

One rule serves the whole column, so that rows of a folder that is absent never fall onto files of another folder
that bear the same names, and a row that says train never means a file of test. Only letter case, a missing ending
and leading zeros may differ row by row.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podium.tables.ids import normalise_id, path_from_text
from podium.tables.name_rules import IndexKind, NameRule, make_rule_steps, number_key, without_ending
from podium.tables.split_names import SPLIT_NAMES

__all__ = ["ImageNames", "NameMatch"]

_AMBIGUOUS = -1
_NO_RANK = 99
_LISTED = 5
_Index = dict[str, int]


@dataclass(frozen=True)
class NameMatch:
    """How the cells of a column name images.

    Args:
        rule: The rule, in words that follow "found", such as "by path".
        rank: Its place among the rules; 0 is the plainest.
        images: Per cell, the positions of its images; empty where there is none.
        ambiguous: Place of each cell that fits several images, and the first of these.
        n_other_case: Cells that fit only when letter case is ignored.
        n_padded: Cells that fit only without the spaces around them.
        is_folder: Whether cells name folders.
        is_by_number: Whether only the numbers in the names were compared, which may join what has nothing in common.
    """

    rule: str
    rank: int
    images: list[tuple[int, ...]]
    ambiguous: dict[int, tuple[str, ...]]
    n_other_case: int
    n_padded: int
    is_folder: bool
    is_by_number: bool

    @property
    def n_found(self) -> int:
        """Number of cells that have an image."""
        return sum(bool(images) for images in self.images)

    @property
    def is_one_to_one(self) -> bool:
        """Whether every cell has one image, and no two cells the same."""
        return len({images for images in self.images if len(images) == 1}) == len(self.images)


class ImageNames:
    """Finds the images that cells mean.

    Args:
        ids: Ids of the images, each once.
        root: Folder that the ids are relative to; absolute paths below it are then found. None where it is not known.
        encodings: Further encodings of file names that are not UTF-8, besides CP949, which archives packed on Korean
            Windows leave; such as the encoding of the table.

    Example:
        >>> match = ImageNames(["test/00000.png", "test/00001.png"]).match(["1", "0"])
        >>> match.images, match.rule
        ([(1,), (0,)], 'by the number in the file name')
    """

    def __init__(self, ids: Sequence[str], *, root: Path | None = None, encodings: Sequence[str] = ()) -> None:
        self._ids = ids
        self._roots = [] if root is None else [f"{folder}/" for folder in _spellings_of(root)]
        self._encodings = dict.fromkeys(("cp949", *encodings))
        self._folders = _images_by_folder(ids)
        self._folder_names = list(self._folders)
        self._indexes: dict[tuple[IndexKind, bool, bool], _Index] = {}

    def match(self, cells: Sequence[str], *, folders: bool = True) -> NameMatch:
        """The rule that finds an image for most cells, and what it finds.

        Rules are tried from the plainest on; where some find anything, the bolder ones are not tried.

        Args:
            cells: The cells of a column.
            folders: Whether cells may name folders, which then stand for every image inside.
        """
        keys = [self._key(cell) for cell in cells]
        steps = [[rule for rule in rules if folders or rule.kind != "folder"] for rules in make_rule_steps(keys)]
        unclear = None
        for rules in steps:
            for fold_case in (False, True):
                rule, n_found = self._best_rule(rules, keys, fold_case)
                if rule is not None and n_found:
                    return self._apply(rule, cells, keys)
                unclear = unclear or rule
        return self._apply(unclear or replace(steps[0][0], rank=_NO_RANK), cells, keys)

    def _key(self, cell: str) -> str:
        """The cell as a path; spaces around it and what looks like an escaped byte stay only where a file has them."""
        plain = normalise_id(cell.strip().replace("\\", "/"))
        kept = next((key for key in _other_readings(cell, plain) if self._is_kept(key, plain)), plain)
        return next((kept[len(root) :] for root in self._roots if kept.startswith(root)), kept)

    def _is_kept(self, key: str, plain: str) -> bool:
        """Whether the key is an end of a path, letter case aside; or its file name is one, and the plain one is not."""
        name = key.rsplit("/", 1)[-1]
        ends = {key.casefold()} | ({name.casefold()} if name != plain.rsplit("/", 1)[-1] else set())
        kinds: tuple[IndexKind, ...] = ("file", "stem", "folder")
        return any(end in self._index(kind, True) for kind in kinds for end in ends if end)

    def _best_rule(
        self, rules: Sequence[NameRule], keys: Sequence[str], fold_case: bool
    ) -> tuple[NameRule | None, int]:
        """The first rule that finds most, and how many; of those that find as many, the one that most cells fit at all.

        A rule that finds all ends the search. None where no cell fits anything.
        """
        best, most, most_fitting = None, 0, 0
        for rule in rules:
            positions = [position for key in keys if (position := self._find(rule, key, fold_case)) is not None]
            n_found = len(positions) - positions.count(_AMBIGUOUS)
            if (n_found, len(positions)) > (most, most_fitting):
                best, most, most_fitting = rule, n_found, len(positions)
            if most == len(keys):
                break
        return best, most

    def _find(self, rule: NameRule, key: str, fold_case: bool) -> int | None:
        """Position of what the cell means; None where there is none or it lies in the folder of another split."""
        wanted = rule.key(key)
        if fold_case:
            wanted = wanted.casefold()
        is_whole = rule.cut > 0 and "/" not in wanted
        kind = "stem" if rule.kind == "number" else rule.kind
        position = self._index(kind, fold_case, is_whole).get(wanted)
        if position is None and rule.kind == "number":
            position = self._index("number", fold_case, is_whole).get(number_key(wanted))
        if position is None or position == _AMBIGUOUS or (rule.cut == 0 and rule.keeps_path):
            return position
        found = self._folder_names[position] + "/" if rule.kind == "folder" else self._ids[position]
        named = _splits(key + "/" if rule.kind == "folder" else key)
        return None if named and _splits(found) and not named & _splits(found) else position

    def _apply(self, rule: NameRule, cells: Sequence[str], keys: Sequence[str]) -> NameMatch:
        images: list[tuple[int, ...]] = []
        unclear: dict[int, str] = {}
        n_other_case, n_padded = 0, 0
        for place, (cell, key) in enumerate(zip(cells, keys, strict=True)):
            position = self._find(rule, key, False)
            if position is None:
                position = self._find(rule, key, True)
                n_other_case += position is not None
            n_padded += position is not None and cell != cell.strip() and key == key.strip()
            if position == _AMBIGUOUS:
                unclear[place] = key
            images.append(() if position is None or position == _AMBIGUOUS else self._images(rule, position))
        ambiguous = self._list_candidates(rule, unclear)
        is_folder, is_by_number = rule.kind == "folder", rule.kind == "number"
        return NameMatch(rule.words, rule.rank, images, ambiguous, n_other_case, n_padded, is_folder, is_by_number)

    def _images(self, rule: NameRule, position: int) -> tuple[int, ...]:
        return self._folders[self._folder_names[position]] if rule.kind == "folder" else (position,)

    def _index(self, kind: IndexKind, fold_case: bool, is_whole: bool = False) -> _Index:
        """Keys to positions, of stems with whole file names; where `is_whole`, of what lies in no folder only."""
        key = (kind, fold_case, is_whole)
        if key not in self._indexes:
            names = self._folder_names if kind == "folder" else self._ids
            entries = ((i, keys) for i, keys in self._names(kind) if not (is_whole and "/" in names[i]))
            index = _build_index(entries, fold_case)
            # A whole file name wins over an equal stem.
            self._indexes[key] = index | self._index("file", fold_case, is_whole) if kind == "stem" else index
        return self._indexes[key]

    def _names(self, kind: IndexKind) -> Iterable[tuple[int, list[str]]]:
        """Position and keys of each image or folder; the whole path is the first key."""
        if kind == "folder":
            return ((i, _tails(name)) for i, name in enumerate(self._folder_names))
        if kind == "number":
            return ((i, _tails(number)) for i, name in enumerate(self._ids) if (number := number_key(name)))
        named = ((i, _tails(name) + self._other_spellings(name)) for i, name in enumerate(self._ids))
        return named if kind == "file" else ((i, [without_ending(key) for key in keys]) for i, keys in named)

    def _other_spellings(self, name: str) -> list[str]:
        """Ends of a path whose bytes are not UTF-8, read in the encodings that they may be in."""
        if "\\x" not in name:
            return []
        found = []
        for encoding in self._encodings:
            try:
                text = os.fsencode(path_from_text(name)).decode(encoding)
            except UnicodeDecodeError:
                continue
            found += _tails(unicodedata.normalize("NFC", text))
        return found

    def _list_candidates(self, rule: NameRule, unclear: dict[int, str]) -> dict[int, tuple[str, ...]]:
        """The first ids that each unclear cell may mean, letter case aside."""
        if not unclear:
            return {}
        wanted = {place: rule.key(key).casefold() for place, key in unclear.items()}
        found: dict[str, list[str]] = {key: [] for key in wanted.values()}
        numbers = {number_key(key): key for key in found} if rule.kind == "number" else {}
        names = self._folder_names if rule.kind == "folder" else self._ids
        for name in names:
            tails = [tail.casefold() for tail in _tails(name) + self._other_spellings(name)]
            keys = {*tails, *map(without_ending, tails)}
            keys |= {numbers[tail] for tail in _tails(number_key(name)) if tail in numbers and tail}
            for key in keys & found.keys():
                if len(found[key]) < _LISTED:
                    found[key].append(name)
        return {place: tuple(found[key]) for place, key in wanted.items()}


def _other_readings(cell: str, plain: str) -> list[str]:
    """The cell with the spaces around it, and with back slashes that look like escaped bytes."""
    if cell == plain:
        return []
    readings = dict.fromkeys((normalise_id(cell), normalise_id(cell.strip())))
    return [key for key in readings if key != plain]


def _spellings_of(root: Path) -> list[str]:
    """The absolute forms of a folder, links followed and not, as ids spell paths."""
    forms = (os.path.abspath(root), os.path.realpath(root))  # noqa: PTH100 - resolve() would follow links
    return list(dict.fromkeys(normalise_id(os.fsencode(form).decode("utf-8", "backslashreplace")) for form in forms))


def _splits(path: str) -> frozenset[str]:
    """The splits that the folders of a path name."""
    return frozenset(SPLIT_NAMES[part] for part in path.casefold().split("/")[:-1] if part in SPLIT_NAMES)


def _tails(name: str) -> list[str]:
    """The whole path first, then its shorter and shorter ends."""
    parts = name.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _build_index(names: Iterable[tuple[int, list[str]]], fold_case: bool) -> _Index:
    """Keys to positions. A whole path wins over an equal end of another path."""
    whole: _Index = {}
    ends: _Index = {}
    for position, keys in names:
        for i, key in enumerate(keys):
            key = key.casefold() if fold_case else key
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
