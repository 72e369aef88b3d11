"""Classes that differ only in spelling: said, and merged when asked, in every kind of head."""

from __future__ import annotations

import pytest

from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.curate.spellings import merge_spellings
from podium.errors import LabelError


def _table(make_tree, header, rows):
    lines = "".join(f"{i}.jpg,{row}\n" for i, row in enumerate(rows))
    return make_tree(*(f"{i}.jpg" for i in range(len(rows))), t=f"image,{header}\n{lines}")


def test_spellings_are_kept_apart_with_the_option_that_merges_them(make_tree):
    root = _table(make_tree, "label", ["cat", "Cat", "cat", "dog", "dog ", "DOG", "dog"])
    found = scan(root)
    assert found.samples.task.heads[0].classes == ("Cat", "DOG", "cat", "dog")
    assert any("--merge-spellings" in respell(note) for note in found.notes)
    merged = scan(root, ScanOptions(merge_spellings=True))
    assert merged.samples.task.heads[0].classes == ("cat", "dog")
    assert merged.samples.labels["label"].tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert any("merged: 'Cat' and 'cat', 'DOG' and 'dog'" in note for note in merged.notes)


def test_numbers_written_in_two_ways_are_noticed(make_tree):
    root = _table(make_tree, "label", ["3", "3.0", "4", "4.0", "3"])
    assert any("'3' and '3.0'" in note for note in scan(root).notes)
    assert scan(root, ScanOptions(merge_spellings=True)).samples.task.heads[0].classes == ("3", "4")


def test_folders_lists_and_several_columns_are_merged_too(make_tree):
    options = ScanOptions(merge_spellings=True)
    folders = scan(make_tree("Cat/1.jpg", "cat/2.jpg", "cat/3.jpg", "dog/4.jpg"), options).samples
    assert folders.task.heads[0].classes == ("cat", "dog")
    lists = _table(make_tree, "tags", ["a|b", "A|c", "a|A", "a|c"])
    (head,) = scan(lists, ScanOptions(merge_spellings=True, labels=lists / "t.csv")).samples.task.heads
    assert (head.kind, head.classes) == ("multi", ("a", "b", "c"))
    both = _table(make_tree, "hue,form", ["Red,x", "red,y", "red,X", "blue,x"])
    options = ScanOptions(merge_spellings=True, label_columns=("hue", "form"))
    assert [head.classes for head in scan(both, options).samples.task.heads] == [("blue", "red"), ("x", "y")]


def test_given_classes_give_the_spelling(make_tree):
    root = _table(make_tree, "label", ["Cat", "CAT", "dog"])
    given = {"label": ("cat", "dog")}
    with pytest.raises(LabelError, match="not in its classes"):
        scan(root, ScanOptions(classes=given))
    found = scan(root, ScanOptions(classes=given, merge_spellings=True)).samples
    assert found.labels["label"].tolist() == [0, 0, 1]


def test_the_most_frequent_spelling_wins():
    assert merge_spellings(["B", "b", "b", "a"])[0] == ["b", "b", "b", "a"]
    assert merge_spellings(["b", "B"])[0] == ["B", "B"]
