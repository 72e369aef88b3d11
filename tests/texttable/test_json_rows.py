from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import TableError
from podium.texttable import read_table

_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=12)
_OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["image", "label", "n"]), st.one_of(st.none(), st.booleans(), _CELL)),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@given(rows=_OBJECTS, as_lines=st.booleans())
def test_rows_of_json_are_read_as_they_were_written(rows, as_lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    rows = [{"image": "0.jpg"}, *rows]
    path = folder / ("t.jsonl" if as_lines else "t.json")
    path.write_text("\n".join(map(json.dumps, rows)) if as_lines else json.dumps(rows, indent=1), encoding="utf-8")
    table = read_table(path)
    assert table.row_numbers == list(range(1, len(rows) + 1))
    for name, column in table.columns.items():
        cells = [row.get(name) for row in rows]
        assert column == ["" if cell is None else str(cell) for cell in cells]


def test_numbers_and_lists_of_json_stay_as_they_are_written(tmp_path):
    lines = ['{"file_name": "a.jpg", "x": 0.50, "tags": ["b", "c"]}', "", '{"file_name": "d.jpg", "x": 7, "tags": []}']
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines))
    table = read_table(tmp_path / "metadata.jsonl")
    assert table.columns == {"file_name": ["a.jpg", "d.jpg"], "x": ["0.50", "7"], "tags": ['["b", "c"]', "[]"]}
    assert table.row_numbers == [1, 3]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.jsonl", '{"image": "a.jpg"}\n{"image": ', "line 2 is not JSON"),
        ("t.jsonl", '{"image": "a.jpg"}\n["b.jpg"]', "row 2 is not an object"),
        ("t.jsonl", '{"image": "a.jpg", "image ": "b.jpg"}', "'image' twice"),
        ("t.jsonl", '{"image": "\\ud800"}', "row 1 has half a surrogate pair"),
        ("t.jsonl", "[" * 100_000, "not JSON"),
        ("t.jsonl", "\n\n", "no rows"),
        ("t.json", '{"version": 1}', "not a list of rows, but an object with 'version'"),
        ("t.json", "[]", "no rows"),
    ],
)
def test_what_is_no_row_of_json_is_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / name)
