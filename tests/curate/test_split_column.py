"""The split column: what its cells mean, and what is asked instead of guessed."""

from __future__ import annotations

import re

import pytest

from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.errors import SourceError


def _table(make_tree, column, cells):
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{cell}\n" for i, cell in enumerate(cells))
    return make_tree(*(f"{i}.jpg" for i in range(len(cells))), t=f"image,label,{column}\n{rows}")


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (("training", "trn", "dev", "eval"), ("train", "train", "valid", "valid")),
        (("TRAIN", "Validation set", "hold-out", "testing"), ("train", "valid", "test", "test")),
        (("train2017", "val2017", "holdout", "tst"), ("train", "valid", "test", "test")),
    ],
)
def test_words_for_a_split(make_tree, cells, meant):
    assert tuple(scan(_table(make_tree, "split", cells)).samples.split) == meant


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [("is_valid", "valid", "train"), ("is_test", "test", "train"), ("isTrain", "train", "valid")],
)
@pytest.mark.parametrize("words", [("0", "1"), ("no", "yes"), ("False", "True")])
def test_questions_are_answered_as_their_name_asks(make_tree, column, yes, no, words):
    found = scan(_table(make_tree, column, [words[i > 3] for i in range(6)]))
    assert found.samples.split.tolist() == [no] * 4 + [yes] * 2
    assert any(guess.what == "split column" for guess in found.guesses)


@pytest.mark.parametrize("cells", [["train"] * 4 + [""] * 4, ["valid"] * 2 + [""] * 6])
def test_empty_cells_beside_one_split_are_asked_for_and_every_answer_works(make_tree, cells):
    root = _table(make_tree, "split", cells)
    with pytest.raises(SourceError, match="cells of split column 'split' are empty") as caught:
        scan(root)
    kinds = []
    for line in caught.value.details:
        (code,) = re.findall(r"`([^`]+)`", line)
        samples = scan(root, eval(f"ScanOptions({code})", {"ScanOptions": ScanOptions})).samples
        kinds.append((len(samples), None if samples.split is None else samples.split.tolist()[-1]))
    other, only = ("valid", "train") if cells[0] == "train" else ("train", "valid")
    n = sum(map(bool, cells))
    assert kinds == [(8, other), (8, "test"), (8, only), (n, only), (8, None)]
    assert f"--split-names '={other}'" in respell(caught.value.details[0])
    assert len(scan(root, ScanOptions(unlabelled=True)).samples) == 8


def test_empty_cells_beside_train_and_valid_are_said_to_train(make_tree):
    found = scan(_table(make_tree, "split", ["train", "train", "val", "val", "", ""]))
    assert found.samples.split.tolist() == ["train", "train", "valid", "valid", "", ""]
    assert any("2 rows with an empty cell in 'split' train with the others" in note for note in found.notes)


def test_other_words_among_splits_are_asked_for(make_tree):
    root = _table(make_tree, "split", ["train", "train", "val", "val", "extra", "extra"])
    with pytest.raises(SourceError, match="not train, valid or test: extra") as caught:
        scan(root)
    assert "--split-names extra=train" in respell(str(caught.value))
    assert "--split-column none" in respell(str(caught.value))
    assert scan(root, ScanOptions(split_names={"extra": "train"})).samples.split.tolist()[-1] == "train"
    without = scan(root, ScanOptions(split_names={"extra": "none"}))
    assert len(without.samples) == 4
    assert without.unlisted == ("4.jpg", "5.jpg")
    assert scan(root, ScanOptions(split_column="none")).samples.split is None


@pytest.mark.parametrize("column", ["split", "partition"])
def test_numbers_are_no_split_until_they_are_named(make_tree, column):
    root = _table(make_tree, column, ["0", "0", "1", "1", "2", "2"])
    found = scan(root)
    assert found.samples.split is None
    (note,) = [note for note in found.notes if "name no split" in note]
    (code,) = re.findall(r"`([^`]+)`", note)
    named = scan(root, eval(f"ScanOptions({code})", {"ScanOptions": ScanOptions})).samples
    assert named.split.tolist() == ["train", "train", "valid", "valid", "test", "test"]


def test_columns_that_disagree_and_columns_of_folds_are_named(make_tree):
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{i % 2},{i // 2 % 2},{i % 3}\n" for i in range(6))
    root = make_tree(*(f"{i}.jpg" for i in range(6)), t=f"image,label,is_valid,is_test,fold\n{rows}")
    with pytest.raises(SourceError, match="'is_valid' and 'is_test' say different splits"):
        scan(root)
    assert any("Column 'fold'" in note for note in scan(root, ScanOptions(split_column="none")).notes)
    rows = "".join(f"{i}.jpg,{'ab'[i % 2]},{i % 3}\n" for i in range(6))
    (root / "t.csv").write_text(f"image,label,fold\n{rows}")
    assert any("Column 'fold' numbers folds" in note for note in scan(root).notes)


def test_valid_rows_alone_are_said_to_be_divided(make_tree):
    found = scan(_table(make_tree, "split", ["val"] * 4 + ["test"] * 2))
    assert any("No image is of split train" in note for note in found.notes)
