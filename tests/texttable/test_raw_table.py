"""A table that is filled and written again differs in the filled cells only."""

from __future__ import annotations

import codecs

import pytest

from podium.errors import TableError, UnknownNameError
from podium.texttable import read_raw_table

STYLES = [
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (b"", "cp949"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-16-le"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
]


@pytest.mark.parametrize(("mark", "encoding"), STYLES)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_style_comes_back_byte_by_byte(write, mark, encoding, delimiter, end):
    rows = [["파일명", "정답"], ["얼굴 하나.jpg", "0"], ['"얼굴,|;\t둘.jpg"', '"0"'], ["얼굴 셋.jpg", " 0 "]]
    data = mark + (end.join(delimiter.join(row) for row in rows) + end + end).encode(encoding)
    table = read_raw_table(write(data))
    assert (table.encoding, table.mark, table.delimiter, table.line_end) == (encoding, mark, delimiter, end)
    assert table.columns == ("파일명", "정답")
    assert table.cells("파일명") == ("얼굴 하나.jpg", "얼굴,|;\t둘.jpg", "얼굴 셋.jpg")
    assert table.fill({}) == data
    new = [row if place == 0 else [row[0], row[1].replace("0", "17")] for place, row in enumerate(rows)]
    expected = mark + (end.join(delimiter.join(row) for row in new) + end + end).encode(encoding)
    assert table.fill({"정답": ["17", "17", "17"]}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\n\nid,ans\n\nx,0\n \n\ny,0",
        "sep=;\r\nid;ans\r\nx;0\r\ny;0\r\n",
        "2\nans other \nx 0 1\ny  0   1 \n",
        "id,ans\nx,0,\ny,0,,,\n",
        "id  ans\n  x  0\ny\t0  \n",
    ],
)
def test_what_is_no_row_stays_where_it_is(write, text):
    table = read_raw_table(write(text))
    name = "ans"
    assert table.fill({}) == text.encode()
    assert table.cells(table.columns[0]) == ("x", "y")
    filled = table.fill({name: ["7", "8"]}).decode()
    assert [new for old, new in zip(text, filled, strict=True) if old != new] == ["7", "8"]


def test_text_that_looks_like_numbers_or_missing_values_stays_text(write):
    table = read_raw_table(write("id,ans\n007,NA\nNA,1e5\n1_000,\n=1+1,nan"))
    assert table.cells("id") == ("007", "NA", "1_000", "=1+1")
    assert table.cells("ans") == ("NA", "1e5", "", "nan")


def test_mixed_line_ends_and_a_missing_last_one_are_kept(write):
    table = read_raw_table(write(b"id,ans\r\nx,0\ny,0\r\nz,0"))
    assert table.fill({"ans": ["1", "2", "3"]}) == b"id,ans\r\nx,1\ny,2\r\nz,3"


def test_without_header_every_row_is_a_row(write):
    table = read_raw_table(write("x,0\ny,0\n"), header=False)
    assert (table.columns, table.row_numbers) == (("column_1", "column_2"), (1, 2))
    assert table.fill({"column_2": ["1", None]}) == b"x,1\ny,0\n"


def test_rows_are_numbered_as_in_the_file(write):
    assert read_raw_table(write("\nid,ans\n\nx,0\ny,0\n")).row_numbers == (4, 5)


def test_what_cannot_be_written_is_refused(write):
    table = read_raw_table(write("파일,정답\nx,0\n".encode("cp949")))
    with pytest.raises(TableError, match="cannot be written in cp949"):
        table.fill({"정답": ["😀"]})
    with pytest.raises(UnknownNameError, match="'정담'"):
        table.fill({"정담": ["0"]})
