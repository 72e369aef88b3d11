"""Cells that hold a list as Python, NumPy or JSON writes it: `['a', 'b']`, `["a"]`, `[1, 2]`, `['a' 'b']`, `[]`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence

__all__ = ["read_list_cells", "write_list_cell"]

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_NUMBER = r"[+-]?\d+(?:\.\d*)?"
_BARE = r"""[^\s,:;|'"\[\](){}](?:[^,:;|'"\[\](){}]*[^\s,:;|'"\[\](){}])?"""
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def _lists_of(item: str, comma: str) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:(?:{item})(?:{comma}(?:{item}))*(?:\s*,)?)?\s*", re.DOTALL)


# Blanks alone divide quoted items and numbers, as NumPy writes them; bare words may hold blanks themselves.
_WRITTEN = (_lists_of(f"{_QUOTED}|{_NUMBER}", r"(?:\s*,\s*|\s+)"), _lists_of(f"{_QUOTED}|{_BARE}", r"\s*,\s*"))
_ITEMS = (re.compile(f"{_QUOTED}|{_NUMBER}", re.DOTALL), re.compile(f"{_QUOTED}|{_BARE}", re.DOTALL))


def read_list_cells(cells: Sequence[str]) -> list[list[str] | None] | None:
    """The items of each cell, each as often as it stands there, None for an empty cell; None if they are no lists.

    They are lists if every cell that is not empty is one, and some cell has quotes, two items or none: a column of
    names in brackets alone, such as `[red]`, is left as it is. Round and curly brackets count only around quotes.

    Example:
        >>> read_list_cells(["['a', 'b']", "", "[]"])
        [['a', 'b'], None, []]
        >>> read_list_cells(["[a]", "[b]"]) is None
        True
    """
    by_cell: dict[str, list[str] | None] = {"": None}
    is_sure = False
    for cell in dict.fromkeys(cells):
        if cell:
            items = _read(cell)
            if items is None:
                return None
            labels = by_cell[cell] = [text for text in map(_unquote, items) if text]
            if any("\ud800" <= letter <= "\udfff" for letter in "".join(labels)):  # half a letter, by an escape
                return None
            is_sure = is_sure or len(items) != 1 or items[0][0] in "'\""
    return [by_cell[cell] for cell in cells] if is_sure else None


def _read(cell: str) -> list[str] | None:
    inside = cell[1:-1]
    if len(cell) < 2 or _BRACKETS.get(cell[0]) != cell[-1]:
        return None
    for written, item in zip(_WRITTEN, _ITEMS, strict=True):
        if written.fullmatch(inside):
            items = item.findall(inside)
            is_list = cell[0] == "[" or (bool(items) and all(text[0] in "'\"" for text in items))
            return items if is_list else None
    return None


def _unquote(item: str) -> str:
    text = item
    if item[0] == '"':
        try:
            text = json.loads(item, strict=False)
        except ValueError:  # an escape that only Python knows
            text = _ESCAPE.sub(lambda hit: _escaped(hit[1]), item[1:-1])
    elif item[0] == "'":
        text = _ESCAPE.sub(lambda hit: _escaped(hit[1]), item[1:-1])
    return unicodedata.normalize("NFC", text.strip())


def _escaped(text: str) -> str:
    if text[0] in "ux" and len(text) > 1:
        return chr(int(text[1:], 16))
    return _LETTERS.get(text, text)


def write_list_cell(items: Sequence[str]) -> str:
    """A cell that `read_list_cells` reads as these items."""
    return json.dumps(list(items), ensure_ascii=False)
