from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from podium.errors import TableError
from podium.texttable import read_table
from podium.texttable.delimiters import find_delimiter

_WHERE = Path("t.csv")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_are_found_whatever_the_cells_hold(write, mark):
    text = io.StringIO(newline="")
    rows = [("id", "name", "tags"), ("1", "a, b", "x|y"), ("2", "d; e", "z"), ("3", "f", "")]
    csv.writer(text, delimiter=mark).writerows(rows)
    assert list(zip(*read_table(write(text.getvalue())).columns.values(), strict=True)) == rows[1:]


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("id,labels\nx,a|b\ny,a\n", ","),
        ("id;size\n1;1,5\n2;2,5\n", ";"),
        ("a;b,c;d\n1;2,3;4\n", ";"),  # both fit; semicolons make more cells
        ("id,name\n1\n2,b\n3,c\n", ","),  # a row that is short does not hide it
        ("image\n1.jpg\n2.jpg\n", ","),
        ("image label\n1.jpg a\n2.jpg b\n", " "),
        ("image label\n1.jpg a\n2.jpg\n", ","),
        ("image\tlabel name\n1.jpg\tred cat\n", "\t"),
        ("2\nx y\na.jpg 1 0\nb.jpg 0 1\n", " "),
        ('"a;b",c\n"d;e",f\n', ","),
        ("", ","),
    ],
)
def test_what_divides_the_first_rows_most_evenly(text, mark):
    assert find_delimiter(text, where=_WHERE) == mark


def test_without_header_the_first_row_counts_as_the_others():
    assert find_delimiter("a.jpg 1\nb.jpg 2\n", where=_WHERE, header=False) == " "
    assert find_delimiter("a.jpg x y\nb.jpg 2\n", where=_WHERE, header=False) == ","


def test_two_that_fit_equally_are_asked_about():
    with pytest.raises(TableError, match="',' and ';'") as caught:
        find_delimiter("id,a;ans\nx,0;1\n", where=_WHERE)
    assert "delimiter=','" in str(caught.value)


def test_only_the_start_of_a_large_table_is_read():
    text = "id;name\n" + "1;a,b\n" * 50_000 + 'x"'
    assert find_delimiter(text, where=_WHERE) == ";"


def test_wrong_delimiter_says_the_right_one(write):
    with pytest.raises(TableError, match="semicolons") as caught:
        read_table(write("id;name\n1;a\n"), delimiter=",")
    assert "delimiter=';'" in str(caught.value)
    with pytest.raises(TableError, match="one character"):
        read_table(write("id;name\n1;a\n"), delimiter="::")


def test_a_tab_may_be_named_as_a_shell_hands_it_on(write):
    assert read_table(write("a\tb\n1\t2\n"), delimiter="\\t").columns == {"a": ["1"], "b": ["2"]}
