from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.submission.raw_cells import quote_like, split_rows, unquote

text_cells = st.text(alphabet="ab \",\t;\r\n='가é", max_size=6)


@given(st.lists(st.lists(text_cells, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",\t;"))
def test_reads_what_the_standard_library_writes(rows: list[list[str]], delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    text = buffer.getvalue()
    found = list(split_rows(text, delimiter))
    assert [[unquote(raw) for raw in cells] for cells, _ in found] == rows
    assert "".join(delimiter.join(cells) + end for cells, end in found) == text


@given(st.text(alphabet="ab ,\r\n", max_size=30))
def test_joining_gives_the_text_again_whatever_the_line_ends(text: str) -> None:
    assert "".join(",".join(cells) + end for cells, end in split_rows(text, ",")) == text


@given(text_cells, text_cells, st.sampled_from(",\t;"))
def test_a_replaced_cell_reads_as_its_new_value(value: str, old: str, delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow(["id", old])
    raw = next(iter(split_rows(buffer.getvalue(), delimiter)))[0][1]
    line = f"id{delimiter}{quote_like(value, raw, delimiter)}\n"
    row = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter))
    assert row[1].strip(" \t") == value.strip(" \t")


@pytest.mark.parametrize(
    ("text", "said"),
    [('id,a\n"x,1\ny,2\n', "row 2: a quote is opened and never closed"), ('id,a\n"x"y,1\n', "row 2: text follows")],
)
def test_names_the_row_of_a_broken_quote(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(split_rows(text, ","))
