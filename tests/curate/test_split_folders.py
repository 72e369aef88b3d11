from __future__ import annotations

import pytest

from podium.curate.split_folders import SplitLevel, find_split_level
from podium.errors import SourceError


def level(*paths: str, given: dict[str, str] | None = None, ask: bool = True) -> SplitLevel | None:
    return find_split_level([tuple(path.split("/")) for path in paths], given or {}, ask=ask)


@pytest.mark.parametrize(
    ("paths", "depth", "splits"),
    [
        (["train/cat", "train/dog", "test"], 0, {"train": "train", "test": "test"}),
        (["cat/train", "cat/val", "dog/train"], 1, {"train": "train", "val": "valid"}),
        (["train/cat", "unlabeled", "test"], 0, {"train": "train", "test": "test", "unlabeled": "none"}),
    ],
)
def test_the_level_whose_folders_all_name_a_split(paths: list[str], depth: int, splits: dict[str, str]) -> None:
    found = level(*paths)
    assert found is not None
    assert (found.depth, dict(found.splits)) == (depth, splits)


@pytest.mark.parametrize("paths", [["cat", "dog"], ["cat/young", "cat/old"], ["cat/train", "dog"]])
def test_folders_that_name_no_split_are_none(paths: list[str]) -> None:
    assert level(*paths) is None


def test_a_folder_is_stripped_of_its_split_and_of_what_repeats_it() -> None:
    found = level("seg_train/seg_train/cat", "seg_train/seg_train/dog", "seg_test/images/cat", "seg_test/images/dog")
    assert found is not None
    assert found.strip(("seg_train", "seg_train", "cat")) == ("cat",)
    assert found.strip(("seg_test", "images", "dog")) == ("dog",)
    assert found.split_of(("seg_test", "images", "dog")) == "test"
    assert found.split_of(()) == ""


def test_one_class_folder_is_not_taken_for_a_container() -> None:
    found = level("train/cat", "test/cat")
    assert found is not None
    assert found.strip(("train", "cat")) == ("cat",)


def test_what_may_be_anything_beside_splits_is_asked_about_unless_told() -> None:
    paths = ("train/cat", "train/dog", "test/cat", "extra/cat")
    with pytest.raises(SourceError, match="extra beside them may be anything"):
        level(*paths)
    assert level(*paths, ask=False) is None
    found = level(*paths, given={"extra": "train"})
    assert found is not None
    assert found.split_of(("extra", "cat")) == "train"
