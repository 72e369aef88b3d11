"""A table that contradicts the class folders is asked about; one that says the same, or something else, is not."""

from __future__ import annotations

import pytest

from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.errors import SourceError

IMAGES = [f"{c}/{i}.jpg" for c in ("cat", "dog") for i in range(10)]


def _tree(make_tree, label_of, header="label"):
    rows = "".join(f"{name},{label_of(name)}\n" for name in IMAGES)
    return make_tree(*IMAGES, metadata=f"file_name,{header}\n{rows}")


def _own(name):
    return name.split("/")[0]


@pytest.mark.parametrize(
    "label_of",
    [
        lambda name: "dog" if name == "cat/3.jpg" else _own(name),
        lambda name: 1 if name == "cat/3.jpg" else int(_own(name) == "dog"),
        lambda name: "Dog" if name == "cat/3.jpg" else _own(name).title(),
    ],
)
def test_a_contradiction_is_asked_about_and_both_answers_work(make_tree, label_of):
    root = _tree(make_tree, label_of)
    with pytest.raises(SourceError, match="1 of 20 rows contradicts the folder") as caught:
        scan(root)
    assert "--layout table" in respell(str(caught.value))
    assert caught.value.details[0].startswith("cat/3.jpg: the folder says cat, the table ")
    table = scan(root, ScanOptions(layout="table"))
    assert table.samples.labels["label"].tolist().count(1) == 11
    folders = scan(root, ScanOptions(layout="folders"))
    assert folders.samples.labels["label"].tolist().count(1) == 10


def test_a_row_with_the_label_of_another_folder_counts_whatever_its_own_folder_means(make_tree):
    """All cats are called dogs, and all dogs birds: 20 rows are wrong, not the 10 of the folder dog."""
    root = _tree(make_tree, lambda name: "dog" if _own(name) == "cat" else "bird")
    with pytest.raises(SourceError, match="20 of 20 rows contradict the folder"):
        scan(root)
    swapped = _tree(make_tree, lambda name: "dog" if _own(name) == "cat" else "cat")
    with pytest.raises(SourceError, match="20 of 20 rows contradict the folder"):
        scan(swapped)


def test_a_table_that_was_named_is_believed_with_a_note(make_tree):
    root = _tree(make_tree, lambda name: "dog" if name == "cat/3.jpg" else _own(name))
    found = scan(root, ScanOptions(labels=root / "metadata.csv"))
    assert any("1 of 20 rows contradicts" in note and "cat/3.jpg" in note for note in found.notes)


@pytest.mark.parametrize(
    "label_of",
    [_own, lambda name: int(_own(name) == "dog"), lambda name: "old" if int(name[4]) % 2 else "young"],
    ids=["same", "numbers", "another label"],
)
def test_tables_that_agree_or_say_something_else_are_taken(make_tree, label_of):
    found = scan(_tree(make_tree, label_of))
    assert not any("contradict" in note for note in found.notes)
