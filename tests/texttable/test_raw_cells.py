from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.texttable.raw_cells import SPACES, cell_value, join_cells, quote_like, split_rows

text_cells = st.text(alphabet="ab \",\t;\r\n='가é", max_size=6)
words = st.text(alphabet="ab\",;='가é", min_size=1, max_size=6)


@pytest.mark.long
@given(st.lists(st.lists(text_cells, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",\t;"))
def test_reads_what_the_standard_library_writes(rows: list[list[str]], delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    text = buffer.getvalue()
    found = list(split_rows(text, delimiter))
    assert [[cell_value(raw, delimiter) for raw in cells] for cells, _ in found] == rows
    assert "".join(join_cells(cells, delimiter) + end for cells, end in found) == text


@given(st.text(alphabet='ab ,"\r\n', max_size=30), st.sampled_from([",", SPACES]))
def test_joining_gives_the_text_again_whatever_it_holds(text: str, delimiter: str) -> None:
    try:
        rows = list(split_rows(text, delimiter))
    except ValueError:
        assert '"' in text
        return
    assert "".join(join_cells(cells, delimiter) + end for cells, end in rows) == text


@given(st.text(alphabet='ab ,"\r\n', max_size=30))
def test_splits_where_the_standard_library_splits(text: str) -> None:
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        rows = [[cell_value(raw, ",") for raw in cells] for cells, _ in split_rows(text, ",")]
    except (csv.Error, ValueError):
        return
    assert rows == [row or [""] for row in expected]


@pytest.mark.slow
@given(st.lists(st.lists(st.one_of(words, st.just("a b")), min_size=1, max_size=4), min_size=1, max_size=5))
def test_cells_divided_by_spaces_come_back(rows: list[list[str]]) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if cell[:1] == '"' or " " in cell else cell

    text = "".join("  \t".join(map(quoted, row)) + " \n" for row in rows)
    found = list(split_rows(text, SPACES))
    assert [[cell_value(raw, SPACES) for raw in cells] for cells, _ in found] == rows
    assert "".join(join_cells(cells, SPACES) + end for cells, end in found) == text


@given(text_cells, text_cells, st.sampled_from(",\t;"))
def test_a_replaced_cell_reads_as_its_new_value(value: str, old: str, delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow(["id", old])
    raw = next(iter(split_rows(buffer.getvalue(), delimiter)))[0][1]
    line = f"id{delimiter}{quote_like(value, raw, delimiter)}\n"
    row = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter))
    assert row[1].strip(" \t") == value.strip(" \t")


@given(st.text(alphabet="ab \",\t'가é", max_size=6), st.sampled_from(["  0", '\t"0" ', " a "]))
def test_a_replaced_cell_between_spaces_reads_as_its_new_value(value: str, raw: str) -> None:
    line = f"id{quote_like(value, raw, SPACES)} z\n"
    cells, _ = next(iter(split_rows(line, SPACES)))
    assert [cell_value(cell, SPACES) for cell in cells] == ["id", value, "z"]


@pytest.mark.parametrize("delimiter", [",", SPACES])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('id,a\n"x,1\ny,2\n', "row 2: a quotation mark is never closed"),
        ('id,a\n"x"y,1\n', "row 2: text follows"),
        ('id,a\n\n"x"y,1\n', "row 3: text follows"),
    ],
)
def test_names_the_row_of_a_broken_quote(text: str, said: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(split_rows(text.replace(",", delimiter), delimiter))
