from __future__ import annotations

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.texttable import read_list_cells, write_list_cell

_WRITERS = {
    "python": str,
    "json": json.dumps,
    "json_ascii": lambda items: json.dumps(items, ensure_ascii=True),
    "numpy": lambda items: str(np.array(items, dtype=object)),
    "tuple": lambda items: str(tuple(items)) if items else "[]",
    "bare": lambda items: "[" + ", ".join(items) + "]",
}
_NAMES = ["cat", "red dog", "Katze_1", "3", "고양이", "n-1.5x"]


@pytest.mark.slow
@pytest.mark.parametrize("write", _WRITERS.values(), ids=_WRITERS)
@given(rows=st.lists(st.lists(st.sampled_from(_NAMES), unique=True, max_size=4), min_size=1, max_size=8))
def test_lists_in_brackets_are_read_as_they_were_written(write, rows):
    assert read_list_cells(["['a', 'b']", "", *map(write, rows)])[2:] == rows


_TEXT = st.text(min_size=1).map(lambda text: unicodedata.normalize("NFC", text.strip())).filter(bool)


@pytest.mark.slow
@given(st.lists(st.lists(_TEXT, max_size=4), max_size=5))
def test_written_list_cells_keep_any_text(rows):
    assert read_list_cells(["[]", *map(write_list_cell, rows)]) == [[], *rows]


@pytest.mark.parametrize(
    "cells",
    [
        ["[red]", "[blue]"],
        ["(none)", "(some)"],
        ["['a', 'b']", "a"],
        ["{'a': 1}", "{'b': 2}"],
        ["['a', 'b'"],
        ["(1, 2)", "(3, 4)"],
        ["[a] [b]", "[c]"],
        ["", ""],
    ],
)
def test_names_and_other_things_in_brackets_are_no_lists(cells):
    assert read_list_cells(cells) is None
