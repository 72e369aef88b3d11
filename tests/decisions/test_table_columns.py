"""Cells become numbers: as they are, one a value, or in comparison with their group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata, zscore

from podium.decisions import ColumnPlan, make_column_plan, read_cells
from podium.errors import DataError, UnknownNameError, UsageError
from podium.texttable import read_table

CELLS = {"age": ["30", "", "50", "40"], "site": ["a", "b", "a", ""], "width": ["1", "2", "2", "7"]}
GROUPS = np.array(["x", "x", "x", "y"], dtype=object)


def test_numbers_texts_and_relative_columns() -> None:
    plan = make_column_plan(CELLS, ["age", "site"], ["width"])
    found = ColumnPlan.from_dict(plan.to_dict()).numbers(CELLS, GROUPS)
    assert found[:, 0].tolist() == [30, 40, 50, 40]  # an empty cell is the mean
    assert found[:, 1:3].tolist() == [[1, 0], [0, 1], [1, 0], [0, 0]]
    assert found[:3, 3] == pytest.approx(zscore([1, 2, 2]))
    assert found[:3, 4] == pytest.approx((rankdata([1, 2, 2]) - 1) / 2)
    assert found[3, 3:].tolist() == [0, 0.5]  # alone in its group
    assert plan.names == ("age", "site", "width")


def test_unknown_texts_are_none_of_the_values_and_broken_cells_are_refused() -> None:
    plan = make_column_plan(CELLS, ["site"], [])
    assert plan.numbers({"site": ["c"]}, None).tolist() == [[0, 0]]
    with pytest.raises(DataError, match="cells that are no numbers: old"):
        make_column_plan(CELLS, ["age"], []).numbers({"age": ["old"]}, None)
    with pytest.raises(DataError, match="column 'site' has cells that are no numbers"):
        make_column_plan(CELLS, [], ["site"])
    with pytest.raises(DataError, match="60 texts"):
        make_column_plan({"name": [f"n{n}" for n in range(60)]}, ["name"], [])
    with pytest.raises(UsageError, match="compared with the group"):
        make_column_plan(CELLS, [], ["width"]).numbers(CELLS, None)


def test_rows_are_found_by_image(tmp_path: Path) -> None:
    path = tmp_path / "info.csv"
    path.write_text("file,age\nb.png,2\na.png,1\nz.png,9\n")
    table = read_table(path)
    assert read_cells(table, ["train/a.png", "train/b.png"], ["age"]) == {"age": ["1", "2"]}
    with pytest.raises(DataError, match=r"1 image has no row: train/c.png"):
        read_cells(table, ["train/a.png", "train/c.png"], ["age"])
    with pytest.raises(UnknownNameError, match="ages"):
        read_cells(table, ["train/a.png"], ["ages"])
    path.write_text("file,age\na.png,2\na.png,1\n")
    with pytest.raises(DataError, match="has two rows"):
        read_cells(read_table(path), ["train/a.png"], ["age"])
