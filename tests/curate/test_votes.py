"""Columns that look like votes are asked about; attributes that are numbers stay attributes."""

from __future__ import annotations

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import LabelError

COLUMNS = ("cat", "dog", "owl")


def _table(make_tree, rows):
    lines = "".join(f"{i}.jpg,{','.join(map(str, row))}\n" for i, row in enumerate(rows))
    return make_tree(*(f"{i}.jpg" for i in range(len(rows))), t=f"image,{','.join(COLUMNS)}\n{lines}")


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([(3, 0, 0), (2, 1, 0), (0, 0, 3), (1, 1, 1), (0, 3, 0), (2, 1, 0)], "votes"),
        ([(0.5, 0.25, 0.25), (1, 0, 0), (0, 0.75, 0.25), (0.33, 0.33, 0.34)], "shares"),
    ],
)
def test_votes_and_shares_are_refused(make_tree, rows, kind):
    root = _table(make_tree, rows)
    with pytest.raises(LabelError, match=f"look like {kind} .*label_kind='votes'") as caught:
        scan(root, ScanOptions(label_columns=COLUMNS))
    assert "`label_kind='single'`" in str(caught.value)
    assert list(scan(root, ScanOptions(label_columns=COLUMNS, label_kind="votes")).samples.soft) == ["label"]
    assert len(scan(root, ScanOptions(label_columns=COLUMNS, label_kind="single")).samples.task.heads) == 3


def test_counts_that_do_not_add_up_are_pointed_out(make_tree):
    root = _table(make_tree, [(3, 0, 0), (2, 1, 0), (0, 0, 2), (4, 2, 1), (0, 3, 0)])
    assert any("count votes" in note for note in scan(root, ScanOptions(label_columns=COLUMNS)).notes)


def test_attributes_and_one_hot_columns_are_no_votes(make_tree):
    attributes = scan(
        _table(make_tree, [(0, 1, 4), (1, 0, 2), (1, 2, 0), (0, 0, 3)]), ScanOptions(label_columns=COLUMNS)
    )
    assert len(attributes.samples.task.heads) == 3
    assert not any("votes" in note for note in attributes.notes)
    one_hot = scan(_table(make_tree, [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)]))
    assert one_hot.samples.task.heads[0].kind == "single"
