"""Columns of 0 and 1, and cells that hold a list: both say which of many classes an image has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from podium.curate.rows import count_values
from podium.errors import LabelError

__all__ = [
    "encode_indicators",
    "encode_lists",
    "guess_delim",
    "is_indicator",
    "may_be_lists",
    "read_vectors",
    "split_cell",
]

_YES_NO = ({"1": 1, "0": 0, "1.0": 1, "0.0": 0}, {"true": 1, "false": 0}, {"1": 1, "1.0": 1, "-1": 0, "-1.0": 0})
_SURE_DELIMITERS = ("|", ";")
_UNSURE_DELIMITERS = (",", " ")


def _reading(cells: Sequence[str]) -> Mapping[str, int] | None:
    values = {cell.strip().lower() for cell in set(cells)} - {""}
    return next((reading for reading in _YES_NO if values and values <= set(reading)), None)


def is_indicator(cells: Sequence[str]) -> bool:
    """Whether a column holds only yes and no, as 0/1, true/false or -1/1; empty cells aside.

    Example:
        >>> is_indicator(["1", "", "0"]), is_indicator(["1", "2"])
        (True, False)
    """
    return _reading(cells) is not None


def encode_indicators(columns: Mapping[str, Sequence[str]]) -> NDArray[np.int8]:
    """Yes and no as 1 and 0, shape (N, C); -1 for an empty cell.

    Raises:
        LabelError: If a column holds anything else.
    """
    encoded = []
    for name, cells in columns.items():
        reading = _reading(cells)
        if reading is None and any(cell.strip() for cell in cells):
            raise LabelError(f"column {name!r} holds more than 0 and 1: {list(count_values(cells))[:5]}.")
        known = dict(reading or {}) | {"": -1}
        encoded.append([known[cell.strip().lower()] for cell in cells])
    return np.array(encoded, dtype=np.int8).T.copy()


def split_cell(cell: str, delim: str) -> list[str]:
    """The labels of a list cell, each once."""
    return list(dict.fromkeys(part.strip() for part in cell.split(delim) if part.strip()))


def guess_delim(cells: Sequence[str]) -> str | None:
    """What divides list cells, or None if the cells look like single classes.

    A bar or semicolon is believed where a part of one cell is also a part of another. A comma or space may belong to
    a name such as "red shirt", so it is believed only where it leaves at most half as many different labels as there
    are different cells, and either a label of a list also stands alone or there are lists of three lengths; or where
    every label of a list stands alone somewhere; a space also between whole numbers.

    Example:
        >>> guess_delim(["cat|dog", "cat", "dog"])
        '|'
        >>> guess_delim(["Navy Blue", "Blue", "Off White"]) is None
        True
    """
    values = set(cells) - {""}
    for delim in (*_SURE_DELIMITERS, *_UNSURE_DELIMITERS):
        if not any(delim in value for value in values):
            continue
        lists = [split_cell(value, delim) for value in values]
        if _come_again(lists) if delim in _SURE_DELIMITERS else _are_surely_lists(lists, delim):
            return delim
    return None


def may_be_lists(cells: Sequence[str]) -> str | None:
    """What would divide cells that `guess_delim` left whole, though a part of one stands alone as another, or parts
    between commas come in several."""
    values = set(cells) - {""}
    for delim in _UNSURE_DELIMITERS:
        lists = [split_cell(value, delim) for value in values if delim in value]
        stands_alone = any(part in values for parts in lists for part in parts)
        if len(lists) > 1 and (stands_alone or (delim != " " and _come_again(lists))):
            return delim
    return None


def _come_again(lists: Sequence[Sequence[str]]) -> bool:
    return len({part for parts in lists for part in parts}) < sum(map(len, lists))


def _are_surely_lists(lists: Sequence[Sequence[str]], delim: str) -> bool:
    """Whether the parts of different cells are labels, not words of names such as "red shirt" and "blue shoes"."""
    alone = {parts[0] for parts in lists if len(parts) == 1}
    in_lists = {part for parts in lists if len(parts) > 1 for part in parts}
    if delim == " " and all(part.isdecimal() for part in alone | in_lists):
        return _come_again(lists)
    if in_lists <= alone and sum(len(parts) > 1 for parts in lists) > 1:  # each also stands alone
        return True
    is_mixed = bool(alone & in_lists) or len({len(parts) for parts in lists if len(parts) > 1}) > 2
    return is_mixed and 2 * len(alone | in_lists) <= len(lists)


def encode_lists(lists: Sequence[Sequence[str] | None], classes: Sequence[str]) -> NDArray[np.int8]:
    """Which classes each list names, shape (N, C) of 0 and 1; a row of -1 where there is none."""
    place = {name: i for i, name in enumerate(classes)}
    encoded = np.zeros((len(lists), len(classes)), dtype=np.int8)
    encoded[[labels is None for labels in lists]] = -1
    rows = np.repeat(np.arange(len(lists)), [len(labels or ()) for labels in lists])
    encoded[rows, [place[label] for labels in lists for label in labels or ()]] = 1
    return encoded


def read_vectors(lists: Sequence[Sequence[str] | None]) -> NDArray[np.int8] | None:
    """Yes and no by place, shape (N, C), where every list has the same length and holds only 0 and 1, else None.

    A row of -1 where there is no list.

    Example:
        >>> read_vectors([["1", "0"], None, ["0", "0"]]).tolist()
        [[1, 0], [-1, -1], [0, 0]]
    """
    lengths = {len(items) for items in lists if items is not None}
    n_classes = max(lengths, default=0)
    if len(lengths) != 1 or n_classes < 2:
        return None
    columns = {str(place): ["" if items is None else items[place] for items in lists] for place in range(n_classes)}
    if _reading([cell for column in columns.values() for cell in column]) is None:
        return None
    return encode_indicators(columns)
