"""Tables with a row for each label become one row an image; rows that may contradict each other do not."""

from __future__ import annotations

import numpy as np
import pytest

import podium
from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.errors import SourceError, UnknownNameError

_TAGS = {"0": {"cat"}, "1": {"cat", "dog"}, "2": {"dog", "owl"}, "3": {"owl"}, "4": {"cat", "owl", "dog"}}


def _long(tags=_TAGS, *, header="image,tag", more=""):
    return f"{header}\n" + "".join(f"{i}.jpg,{tag}{more}\n" for i, found in tags.items() for tag in sorted(found))


def _sets(samples):
    (head,) = samples.task.heads
    assert head.kind == "multi"
    found = samples.labels[head.name]
    return {
        name.removesuffix(".jpg"): {label for label, yes in zip(head.classes, row, strict=True) if yes == 1}
        for name, row in zip(samples.ids, found.tolist(), strict=True)
    }


def _files(n=5):
    return (f"{i}.jpg" for i in range(n))


def test_several_rows_an_image_are_joined_to_a_set_of_labels(make_tree):
    found = scan(make_tree(*_files(), t=_long()))
    assert _sets(found.samples) == _TAGS
    guess = next(guess for guess in found.guesses if guess.what == "labels")
    assert "9 rows name 5 images, one label per row" in guess.why
    assert "label_kind=" in guess.option


def test_the_order_of_rows_does_not_matter_and_images_may_be_spelt_differently(make_tree):
    lines = _long().splitlines()
    rows = [lines[0], *reversed(lines[1:])]
    rows[2] = "./" + rows[2]
    assert _sets(scan(make_tree(*_files(), t="\n".join(rows) + "\n")).samples) == _TAGS


def test_columns_of_the_image_are_kept_and_others_named_in_a_note(make_tree):
    root = make_tree(*_files(), t=_long(header="image,tag,patient", more=",p1"))
    lines = (root / "t.csv").read_text().splitlines()
    rows = [f"{lines[0]},x_min", *(f"{line},{row}" for row, line in enumerate(lines[1:]))]
    (root / "t.csv").write_text("\n".join(rows))
    with pytest.raises(SourceError, match="'image' names 5 images in 9 rows"):
        scan(root)
    found = scan(root, ScanOptions(label_columns=("tag",), label_kind="multi", group="patient"))
    assert _sets(found.samples) == _TAGS
    assert any("x_min" in note and "left out" in note for note in found.notes)
    assert found.samples.group.tolist() == ["p1"] * 5


def test_boxes_of_one_class_are_that_class_once(make_tree):
    rows = "0.jpg,cat,1\n0.jpg,cat,2\n1.jpg,dog,3\n1.jpg,cat,4\n2.jpg,,\n"
    root = make_tree(*_files(3), t="image,class,x\n" + rows)
    samples = scan(root, ScanOptions(label_columns=("class",), label_kind="multi")).samples
    np.testing.assert_array_equal(samples.labels["class"], [[1, 0], [1, 1], [-1, -1]])


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("0.jpg,a\n1.jpg,b\n2.jpg,c\n0.jpg,a\n", "the same row twice"),
        ("0.jpg,a\n1.jpg,b\n2.jpg,a\n0.jpg,b\n", "two classes: a contradiction"),
        ("0.jpg,1.5\n0.jpg,2.5\n1.jpg,3.5\n2.jpg,4.5\n", "numbers that do not come again"),
        ("".join(f"{i}.jpg,{'abcd'[i % 4]}\n" for i in range(12)) + "0.jpg,b\n", "one image among many"),
    ],
)
def test_rows_that_may_contradict_each_other_are_refused_with_the_option(make_tree, rows, why):
    root = make_tree(*_files(12), t="image,label\n" + rows)
    with pytest.raises(SourceError, match="several rows per image") as caught:
        scan(root)
    assert caught.value.details[0].startswith("0.jpg: rows 2 and"), why
    assert "label_kind='multi'" in str(caught.value)


def test_asked_for_they_are_joined_and_refused_where_one_class_is_asked_for(make_tree):
    root = make_tree(*_files(3), t="image,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n0.jpg,b\n")
    assert _sets(scan(root, ScanOptions(label_kind="multi")).samples) == {"0": {"a", "b"}, "1": {"b"}, "2": {"a"}}
    with pytest.raises(SourceError, match="several rows"):
        scan(make_tree(*_files(), t=_long()), ScanOptions(label_kind="single"))


def test_without_labels_rows_of_an_image_are_one(make_tree):
    found = scan(make_tree(*_files(6), t=_long()), ScanOptions(unlabelled=True, layout="table"))
    assert found.samples.ids.tolist() == list(_files())


_LABELS = ("any", "epidural", "sub_dural")


def _pairs(values, *, separator="_", header="ID,Label"):
    rows = [
        f"ID_{i:02x}{separator}{label},{v}"
        for i, row in enumerate(values)
        for label, v in zip(_LABELS, row, strict=True)
    ]
    return header + "\n" + "\n".join(rows) + "\n"


_VALUES = [[1, 1, 0], [0, 0, 0], [1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize("separator", ["_", "-", ":", "/", "|", " "])
@pytest.mark.parametrize("ending", [".png", ".dcm"])
def test_pairs_of_image_and_label_become_a_column_for_each_label(make_tree, separator, ending):
    root = make_tree(*(f"x/ID_{i:02x}.png" for i in range(4)), t=_pairs(_VALUES, separator=separator))
    found = scan(root, ScanOptions(extensions=("png",)))
    (head,) = found.samples.task.heads
    assert (head.kind, head.classes) == ("multi", _LABELS)
    np.testing.assert_array_equal(found.samples.labels[head.name], _VALUES)
    assert any("an image and one of 3 labels" in guess.why for guess in found.guesses)


def test_values_of_pairs_are_no_images_though_numbers_name_some(make_tree):
    root = make_tree(*(f"0000{i}.png" for i in range(4)), t=_pairs(_VALUES).replace("ID_0", "0000"))
    np.testing.assert_array_equal(scan(root).samples.labels["labels"], _VALUES)


def test_pairs_are_read_with_their_columns_named_and_equal_rows_once(make_tree):
    root = make_tree(*(f"ID_{i:02x}.png" for i in range(4)), t=_pairs(_VALUES) + "ID_00_any,1\n")
    samples = scan(root, ScanOptions(image_column="ID", label_columns=("Label",))).samples
    np.testing.assert_array_equal(next(iter(samples.labels.values())), _VALUES)


@pytest.mark.parametrize("extra", ["ID_00_any,0\n", "ID_00_other,1\n"])
def test_pairs_that_contradict_or_are_not_complete_are_no_table_of_images(make_tree, extra):
    root = make_tree(*(f"ID_{i:02x}.png" for i in range(4)), t=_pairs(_VALUES) + extra)
    with pytest.raises(SourceError, match="names images"):
        scan(root)


def test_pairs_of_a_sample_submission_name_the_images_to_predict(make_tree):
    root = make_tree(*(f"ID_{i:02x}.png" for i in range(6)), t=_pairs([[0.5] * 3] * 4))
    found = scan(root, ScanOptions(unlabelled=True, layout="table", labels=root / "t.csv"))
    assert found.samples.ids.tolist() == [f"ID_{i:02x}.png" for i in range(4)]
    assert found.samples.task is None


def test_tables_of_split_folders_may_have_one_label_a_row_in_some(make_tree):
    root = make_tree(*(f"{split}/{i}.jpg" for split in ("train", "valid") for i in range(5)))
    (root / "train" / "t.csv").write_text(_long())
    (root / "valid" / "t.csv").write_text(
        "image,tag\n" + "".join(f"{i}.jpg,{'cat' if i % 2 else 'owl'}\n" for i in range(5))
    )
    samples = scan(root).samples
    assert _sets(samples)["train/4"] == {"cat", "owl", "dog"}
    assert _sets(samples)["valid/1"] == {"cat"}


@pytest.mark.parametrize(("duplicates", "ids", "labels"), [("first", "012", [0, 1, 0]), ("drop", "12", [1, 0])])
def test_duplicate_rows_can_be_left_out(make_tree, duplicates, ids, labels):
    root = make_tree(*(f"{i}.jpg" for i in range(3)), t="image,label\n0.jpg,a\n1.jpg,b\n0.jpg,b\n2.jpg,a\n")
    with pytest.raises(SourceError, match="several rows") as caught:
        scan(root)
    assert "--duplicates first" in respell(str(caught.value))
    assert "--duplicates drop" in respell(str(caught.value))
    found = scan(root, ScanOptions(duplicates=duplicates))
    assert found.samples.ids.tolist() == [f"{i}.jpg" for i in ids]
    assert found.samples.labels["label"].tolist() == labels
    assert any("1 image has several rows" in note for note in found.notes)
    assert podium.scan(root, duplicates=duplicates).samples.ids.tolist() == found.samples.ids.tolist()


def test_images_with_several_rows_are_not_said_to_have_none_and_their_class_is_named(make_tree):
    rows = "0.jpg,a\n1.jpg,b\n0.jpg,a\n2.jpg,a\n3.jpg,c\n3.jpg,c\n"
    found = scan(make_tree(*(f"{i}.jpg" for i in range(5)), t=f"image,label\n{rows}"), ScanOptions(duplicates="drop"))
    (said,) = [note for note in found.notes if "has no row" in note]
    assert said.startswith("1 image has no row and was left out: 4.jpg")
    assert found.unlisted == ("0.jpg", "3.jpg", "4.jpg")
    assert any("1 class of 'label'" in note and "c (all its images have several rows)" in note for note in found.notes)


def test_duplicates_of_attributes_and_of_zero_one_columns(make_tree):
    rows = "0.jpg,x,1\n1.jpg,y,0\n0.jpg,y,0\n2.jpg,x,1\n3.jpg,y,0\n"
    root = make_tree(*(f"{i}.jpg" for i in range(4)), t=f"image,hue,flag\n{rows}")
    options = ScanOptions(label_columns=("hue", "flag"), duplicates="first")
    assert scan(root, options).samples.labels["hue"].tolist() == [0, 1, 0, 1]
    with pytest.raises(UnknownNameError, match="duplicates"):
        ScanOptions(duplicates="last")
