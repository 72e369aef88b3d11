"""Classes without any readable image are named, with the option that keeps them and the class numbers."""

from __future__ import annotations

import pytest

from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.errors import SourceError


def test_an_empty_class_folder_and_one_of_heic_files_are_named(make_tree):
    root = make_tree("a/1.jpg", "c/2.jpg", "d/3.HEIC", "d/4.heic", "docs/x.md")
    (root / "b").mkdir()
    found = scan(root)
    (note,) = [note for note in found.notes if "no image that can be read" in note]
    assert "b (an empty folder), d (2 .heic)" in note
    assert "--classes label=a,b,c,d" in respell(note)
    kept = scan(root, ScanOptions(classes={"label": ("a", "b", "c", "d")}))
    assert kept.samples.task.heads[0].classes == ("a", "b", "c", "d")
    assert not any("no image that can be read" in note for note in kept.notes)


def test_a_class_that_only_one_split_lacks_is_not_lost(make_tree):
    root = make_tree("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.heic", "val/c/1.heic")
    (note,) = [note for note in scan(root).notes if "no image that can be read" in note]
    assert note.startswith("1 class of 'label'")
    assert "c (1 .heic)" in note


def test_one_readable_class_is_no_test_set(make_tree):
    with pytest.raises(SourceError, match="only class 'a'") as caught:
        scan(make_tree("a/1.jpg", "b/2.heic"))
    assert caught.value.details == ("b: 1 .heic",)
    assert len(scan(make_tree(), ScanOptions(unlabelled=True)).samples) == 1


def test_classes_of_rows_without_an_image_are_named(make_tree):
    rows = "0.jpg,a\n1.jpg,b\n2.jpg,c\n3.jpg,a\n4.jpg,b\n5.jpg,c\n"
    root = make_tree("0.jpg", "1.jpg", "3.jpg", "4.jpg", t="image,label\n" + rows)
    (note,) = [note for note in scan(root, ScanOptions(allow_missing_files=True)).notes if "can be read" in note]
    assert "c (no image of its rows)" in note


def test_classes_of_a_pattern_in_other_formats_are_named(make_tree):
    root = make_tree("p1/mask_1.jpg", "p1/none_1.jpg", "p2/wrong_1.heic", "p2/mask_2.jpg")
    options = ScanOptions(pattern="{person}/{kind}_{n:int}", label_columns=("kind",))
    (note,) = [note for note in scan(root, options).notes if "can be read" in note]
    assert "wrong (1 .heic)" in note
    assert "--classes kind=mask,none,wrong" in respell(note)
