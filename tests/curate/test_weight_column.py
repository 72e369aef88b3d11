"""A column of weights: numbers of at least 0, refused with the row where they are not; never taken for a label."""

from __future__ import annotations

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError, SourceError

TREE = ("0.jpg", "1.jpg", "2.jpg", "3.jpg")


def make(make_tree, cells, column="w"):
    lines = "".join(f"{i}.jpg,{'ab'[i % 2]},{cell}\n" for i, cell in enumerate(cells))
    return scan(make_tree(*TREE, t=f"image,kind,w\n{lines}"), ScanOptions(weight_column=column))


def test_weights_are_read_and_no_label(make_tree):
    samples = make(make_tree, ["1", "0.5", "0", "1"]).samples
    assert samples.weight.tolist() == [1, 0.5, 0, 1]
    assert [head.name for head in samples.task.heads] == ["kind"]


@pytest.mark.parametrize("cell", ["-1", "", "much", "nan", "inf"])
def test_a_cell_that_is_no_weight_is_refused_with_its_row(make_tree, cell):
    with pytest.raises(LabelError, match="1 cell of the weight column 'w'") as caught:
        make(make_tree, ["1", "1", cell, "1"])
    assert caught.value.details == (f"row 4: {cell or '(empty cell)'}",)


def test_a_column_that_is_not_there_is_refused(make_tree):
    with pytest.raises(SourceError, match="no column or field 'weights'"):
        make(make_tree, ["1"] * 4, column="weights")


def test_weights_of_nothing_are_refused(make_tree):
    with pytest.raises(LabelError, match="all 0"):
        make(make_tree, ["0"] * 4)
