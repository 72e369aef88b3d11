from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import TableError
from podium.texttable import read_raw_table, read_table


def test_rows_of_another_length_are_named_by_spreadsheet_row(write):
    path = write('id,name\n1,"two\nlines"\n\n2,b,c\n3\n4,d,\n')
    with pytest.raises(TableError, match="2 rows do not have the header's 2 cells") as caught:
        read_table(path)
    assert [line.split(" has ")[0] for line in caught.value.details] == ["row 4", "row 5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("id,name\n", "no rows"),
        ("id,name\n,\n,\n", "no rows"),
        ('id,name\n"",""\n" ",\n', "no rows"),
        ("id,id\n1,2\n", "'id' occurs 2 times"),
        ("é,e\u0301\n1,2\n", "occurs 2 times"),
        ('id,name\n1,"open\n', "row 2: a quotation mark is never closed"),
        ("id,name\n1,\x00\n2,\x00\x00\n", "zero bytes"),
    ],
)
def test_tables_that_are_none(write, text, message):
    path = write(text)
    with pytest.raises(TableError, match=message) as caught:
        read_table(path)
    assert caught.value.where == str(path)


def test_absent_table_names_the_nearest(write):
    path = write("a\n1\n", "labels.csv")
    with pytest.raises(TableError, match=r"Did you mean 'labels.csv'"):
        read_table(path.with_name("lables.csv"))
    with pytest.raises(TableError, match="a folder, not a table"):
        read_table(path.parent)
    os.mkfifo(path.with_name("pipe.csv"))
    with pytest.raises(TableError, match="not a regular file"):
        read_table(path.with_name("pipe.csv"))
    with pytest.raises(TableError, match="spreadsheet"):
        read_table(write(b"PK\x03\x04", "t.xlsx"))


def test_the_shared_ending_makes_no_name_near(write):
    path = write("path,label\na.jpg,0\n", "fs.csv")
    with pytest.raises(TableError, match=r"Tables in that folder: fs.csv"):
        read_table(path.with_name("labls.csv"))


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=12)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8), mark=st.sampled_from(",;\t|"))
def test_whatever_the_csv_module_writes_comes_back(tmp_path_factory, rows, mark):
    rows = [(f"k{i}", *row) for i, row in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, delimiter=mark).writerows([("key", "one", "two"), *rows])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(text.getvalue().encode("utf-8"))
    columns = read_table(path, encoding="utf-8", delimiter=mark).columns
    assert list(zip(*columns.values(), strict=True)) == rows
    assert read_raw_table(path, encoding="utf-8", delimiter=mark).fill({}) == path.read_bytes()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(write, end):
    path = write(end.join(["image;label", "a.jpg;x", "b.jpg;y", ""]))
    assert read_table(path).columns == {"image": ["a.jpg", "b.jpg"], "label": ["x", "y"]}


def test_a_line_that_names_the_delimiter_for_excel_is_no_row(write):
    table = read_table(write("sep=;\nimage;label\na,b.jpg;x\n"))
    assert (table.columns, table.row_numbers) == ({"image": ["a,b.jpg"], "label": ["x"]}, [3])


def test_columns_without_a_name_are_numbered_and_names_are_nfc(write):
    columns = read_table(write(",e\u0301,\na,b,c\n")).columns
    assert columns == {"column_1": ["a"], "é": ["b"], "column_3": ["c"]}


def test_a_table_without_header_gets_numbered_columns(write):
    table = read_table(write("1.jpg,cat\n2.jpg,dog\n"), header=False)
    assert table.columns == {"column_1": ["1.jpg", "2.jpg"], "column_2": ["cat", "dog"]}
    assert table.row_numbers == [1, 2]


def test_tables_divided_by_spaces_are_read(write):
    table = read_table(write('image   label\n a.jpg\tcat \n"b 1.jpg"  "red cat"\n'))
    assert table.columns == {"image": ["a.jpg", "b 1.jpg"], "label": ["cat", "red cat"]}
    assert "is spaces" in table.notes[0]


def test_celeba_attributes_are_read(write):
    lines = ["3", "5_o_Clock_Shadow Bald Young ", "000001.jpg -1  1  1", "000002.jpg -1 -1 -1", "000003.jpg  1 -1  1"]
    table = read_table(write("\r\n".join(lines) + "\r\n", "list_attr_celeba.txt"))
    assert table.columns == {
        "column_1": ["000001.jpg", "000002.jpg", "000003.jpg"],
        "5_o_Clock_Shadow": ["-1", "-1", "1"],
        "Bald": ["1", "-1", "-1"],
        "Young": ["1", "-1", "1"],
    }
    assert table.row_numbers == [3, 4, 5]
    assert any("is a row count" in note for note in table.notes)


def test_a_column_of_names_with_spaces_is_one_column(write):
    assert read_table(write("image\nIMG 1.jpg\nIMG 2.jpg\n")).columns == {"image": ["IMG 1.jpg", "IMG 2.jpg"]}


def test_a_table_of_r_with_row_names_is_read(write):
    table = read_table(write('"image" "label"\n"1" "a.jpg" "x"\n"2" "b.jpg" "y"\n', "t.txt"))
    assert table.columns == {"column_1": ["1", "2"], "image": ["a.jpg", "b.jpg"], "label": ["x", "y"]}


def test_commas_inside_text_are_no_missing_header(write):
    with pytest.raises(TableError, match="do not have the header's 2 cells"):
        read_table(write("image,caption\na.jpg,one, two\nb.jpg,three, four\n"))


@pytest.mark.slow
def test_a_cell_that_fills_the_file_is_refused_and_a_long_one_read(write):
    assert len(read_table(write("image,mask\na.jpg," + "1 2 " * 100_000 + "\n")).columns["mask"][0]) == 400_000
    with pytest.raises(TableError, match="row 2: a cell has"):
        read_table(write("image,mask\na.jpg," + "x" * 10_000_001 + "\n"))


def test_a_named_column_that_is_not_there(write):
    table = read_table(write("image,label\na,b\n"))
    assert table.column("label", field="label_columns") == ["b"]
    with pytest.raises(TableError, match=r"label_columns: .*Did you mean 'label'"):
        table.column("lable", field="label_columns")


@pytest.mark.long
def test_a_million_cells_are_read_to_the_last(tmp_path: Path) -> None:
    rows = "".join(f"{row}.jpg,cat,{row},\n" for row in range(250_000))
    path = tmp_path / "t.csv"
    path.write_text("image,label,n,x\n" + rows)
    table = read_table(path)
    assert len(table) == 250_000
    assert table.columns["n"][-1] == "249999"
