"""Folds of the user's own, from a column of the table."""

from __future__ import annotations

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError


def _table(make_tree, folds, *, header="image,label,fold", more=None):
    rows = "".join(
        f"{i}.jpg,{'ab'[i % 2]},{cell}{'' if more is None else ',' + more[i]}\n" for i, cell in enumerate(folds)
    )
    return make_tree(*(f"{i}.jpg" for i in range(len(folds))), t=f"{header}\n" + rows)


def test_cells_are_names_and_numbers_lose_their_fraction(make_tree):
    root = _table(make_tree, ["2", "2.0", " x ", "", "-1", "-1.0", "NA", "10"])
    found = scan(root, ScanOptions(fold_column="fold", missing_values=("NA",)))
    assert found.samples.fold.tolist() == ["2", "2", "x", "", "", "", "", "10"]
    (note,) = (note for note in found.notes if note.startswith("Folds"))
    assert "fold 0 is '10' (1), fold 1 is '2' (2), fold 2 is 'x' (1). 4 images of no fold" in note


def test_numbers_go_by_value(make_tree):
    found = scan(_table(make_tree, ["10", "9", "1", "10"]), ScanOptions(fold_column="fold"))
    assert any("fold 0 is '1' (1), fold 1 is '9' (1), fold 2 is '10' (2)." in note for note in found.notes)


def test_the_column_is_no_label_and_a_usual_name_is_only_pointed_out(make_tree):
    root = _table(make_tree, ["0", "1", "0", "1"], header="image,label,part")
    found = scan(root, ScanOptions(fold_column="part"))
    assert [head.name for head in found.samples.task.heads] == ["label"]
    root = _table(make_tree, ["0", "1", "0", "1"])
    found = scan(root)
    assert found.samples.fold is None
    assert any(
        "was not used: Podium makes folds of its own. To use it, set `fold_column='fold'`." in n for n in found.notes
    )


@pytest.mark.parametrize("word", ["test", "Train", "hold-out"])
def test_words_of_a_split_are_refused(make_tree, word):
    with pytest.raises(SourceError, match="which name no fold") as refused:
        scan(_table(make_tree, ["0", "1", word, "1"]), ScanOptions(fold_column="fold"))
    assert refused.value.field == "fold_column"


def test_an_unknown_column_names_the_nearest(make_tree):
    with pytest.raises(SourceError, match=r"fold_column: there is no .* Did you mean 'fold'"):
        scan(_table(make_tree, ["0", "1"]), ScanOptions(fold_column="flod"))
