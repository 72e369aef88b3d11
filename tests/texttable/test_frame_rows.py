"""DataFrames as tables of text: the same cells as their CSV has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from podium.errors import TableError, UsageError
from podium.texttable import as_table, is_frame, read_table, table_of_frame

FRAME = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["007", None], "age": [30, 61], "ok": [True, False]})


def test_cells_are_those_of_the_csv(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    for frame in (FRAME, pa.Table.from_pandas(FRAME), FRAME.astype({"label": "category"})):
        made = table_of_frame(frame)
        assert made.columns == read_table(tmp_path / "t.csv").columns
        assert made.row_numbers == [2, 3]


def test_an_index_that_means_something_is_a_column() -> None:
    assert list(table_of_frame(FRAME.set_index("image")).columns) == ["image", "label", "age", "ok"]
    assert table_of_frame(FRAME[FRAME.age > 50]).columns["image"] == ["b.png"]
    two = table_of_frame(FRAME.set_index(["image", "age"]))
    assert two.columns["age"] == ["30", "61"]


def test_numbers_with_gaps_and_whole_numbers() -> None:
    made = table_of_frame(pd.DataFrame({"x": pd.array([1, None], dtype="Int64"), "y": [1.5, None]}))
    assert made.columns == {"x": ["1", ""], "y": ["1.5", ""]}


def test_what_is_no_frame() -> None:
    assert not any(map(is_frame, (None, "t.csv", Path("t.csv"), {"image": ["a"]}, [1], read_table)))
    assert as_table(None) is None
    assert as_table("t.csv") == Path("t.csv")
    table = table_of_frame(FRAME)
    assert as_table(table) is table
    assert as_table(FRAME) == table


def test_frames_that_are_no_tables_are_refused() -> None:
    with pytest.raises(TableError, match="DataFrame: the table has no rows"):
        table_of_frame(FRAME.iloc[:0])
    with pytest.raises(TableError, match="occurs 2 times"):
        table_of_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize("given", [FRAME["label"], {"a.png": "x"}, ["a", "b"], 3])
def test_what_is_no_table_is_answered_with_what_is(given: object) -> None:
    with pytest.raises(UsageError, match=r"^rows: got an object of type .*, expected a file or a DataFrame"):
        as_table(given, field="rows")  # type: ignore[arg-type]
