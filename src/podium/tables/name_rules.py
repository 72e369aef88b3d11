"""The ways to read a cell as the name of an image, from the plainest to the boldest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["NAME_RULE_RANKS", "NameRule", "make_rule_steps", "number_key", "shared_depth", "without_ending"]

IndexKind = Literal["file", "stem", "number", "folder"]

NAME_RULE_RANKS = {"path": 0, "cut": 3, "name": 6, "number": 9, "ending": 10, "bold number": 12}
"""Rank of the first rule of each family; 0 is the plainest."""

_LONGEST_NUMBER = 18
_LONGEST_ENDING = 5


@dataclass(frozen=True)
class NameRule:
    """One way to read a cell.

    Args:
        words: The rule, in words that follow "found".
        rank: Its place among the rules; 0 is the plainest.
        kind: What it looks for. "stem" also takes whole file names, "number" both, so that a column may mix them.
        key: What it looks up for a cell.
        cut: Number of leading folders that are cut off.
        keeps_path: Whether the rest of the path must fit.
    """

    words: str
    rank: int
    kind: IndexKind
    key: Callable[[str], str]
    cut: int = 0
    keeps_path: bool = True


def make_rule_steps(keys: Sequence[str]) -> list[list[NameRule]]:
    """Rules in steps for a column of cells; a step counts only where those before it find nothing.

    First the paths as they are, then less one leading folder that all cells share, less two, and so on. At the end the
    bold rules, for columns of which no cell can be found by its path.
    """
    cuts = [_path_rules(keys, cut) for cut in range(shared_depth(keys) + 1)]
    return [*cuts, _bold_rules()]


def _path_rules(keys: Sequence[str], cut: int) -> list[NameRule]:
    shared = "/".join(max(keys, default="").split("/")[:cut])
    less = f", less the leading {shared + '/'!r}" if cut else ""
    rank = NAME_RULE_RANKS["cut" if cut else "path"]

    def key(cell: str) -> str:
        return cell.split("/", cut)[-1].rstrip("/")

    return [
        NameRule(f"by path{less}", rank, "file", key, cut),
        NameRule(f"by path without ending{less}", rank + 1, "stem", key, cut),
        NameRule(f"as a folder of images{less}", rank + 2, "folder", key, cut),
        # An index column: 0, 1, ..., 10000 for 00000.png, 00001.png, ..., 10000.png.
        NameRule(f"by the number in the file name{less}", NAME_RULE_RANKS["number"], "number", key, cut),
    ]


def _bold_rules() -> list[NameRule]:
    def name(cell: str) -> str:
        return cell.rstrip("/").rsplit("/", 1)[-1]

    def bare_name(cell: str) -> str:
        return without_ending(name(cell))

    rank, ending = NAME_RULE_RANKS["name"], NAME_RULE_RANKS["ending"]
    last = NAME_RULE_RANKS["bold number"]
    return [
        NameRule("by file name alone; the folders differ", rank, "file", name, keeps_path=False),
        NameRule("by file name alone without ending; the folders differ", rank + 1, "stem", name, keeps_path=False),
        NameRule("as a folder of images by its name alone", rank + 2, "folder", name, keeps_path=False),
        NameRule("by path with another ending", ending, "stem", without_ending, keeps_path=False),
        NameRule("by file name alone with another ending", ending + 1, "stem", bare_name, keeps_path=False),
        NameRule("by the number in the file name alone; the folders differ", last, "number", name, keeps_path=False),
    ]


def shared_depth(keys: Sequence[str]) -> int:
    """How many leading folders all filled cells share."""
    filled = [key for key in keys if key]
    if not filled:
        return 0
    first, last = min(filled).split("/")[:-1], max(filled).split("/")[:-1]
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return depth


def without_ending(name: str) -> str:
    """A path without the ending of its file: up to five letters and digits after the last dot.

    Example:
        >>> without_ending("a/face.v2.jpg"), without_ending("a.b/face")
        ('a/face.v2', 'a.b/face')
    """
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.rpartition(".")
    has_ending = bool(dot and stem and 0 < len(ending) <= _LONGEST_ENDING and ending.isalnum())
    return folder + slash + (stem if has_ending else file)


def number_key(name: str) -> str:
    """A path whose file name is a number, without ending and leading zeros; "" for any other.

    Example:
        >>> number_key("x/00012.png"), number_key("x/a12.png")
        ('x/12', '')
    """
    folder, slash, file = without_ending(name).rpartition("/")
    is_number = file.isascii() and file.isdecimal() and len(file) <= _LONGEST_NUMBER
    return f"{folder}{slash}{int(file)}" if is_number else ""
