from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from podium.errors import TableError
from podium.texttable import column_name
from podium.texttable.column_names import check_column_names


def test_a_column_is_asked_for_in_nfc_and_by_number_only_without_a_header() -> None:
    assert column_name(unicodedata.normalize("NFD", "정답")) == "정답"
    assert [column_name("03", header=header) for header in (True, False)] == ["03", "column_3"]
    assert column_name("column_3", header=False) == "column_3"


def test_columns_without_a_name_are_numbered() -> None:
    assert check_column_names(["", " a ", ""], Path("t.csv")) == ["column_1", "a", "column_3"]


@pytest.mark.parametrize("names", [["a", "a "], ["é", "e\u0301"], ["column_2", ""]])
def test_names_that_occur_twice_are_refused(names: list[str]) -> None:
    with pytest.raises(TableError, match="occurs 2 times"):
        check_column_names(names, Path("t.csv"))
