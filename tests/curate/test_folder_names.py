"""Layouts of public data sets: which folders are a split, which are classes, and what is asked."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import podium
from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.errors import SourceError, UnknownNameError


def _split_counts(samples):
    return Counter(samples.split.tolist())


def _tree(pattern, **names):
    """Names of files, one for each combination."""
    made = [pattern]
    for key, values in names.items():
        made = [name.replace("{" + key + "}", value) for name in made for value in values]
    return made


LAYOUTS = {
    "stray file beside the splits": (
        [*_tree("{s}/{c}/1.jpg", s=["train", "val"], c="ab"), "preview.png"],
        ("a", "b"),
        {"train": 2, "valid": 2},
    ),
    "unlabelled images beside the splits": (
        [*_tree("{s}/{c}/1.jpg", s=["train", "val"], c="ab"), "unlabeled/1.jpg"],
        ("a", "b"),
        {"train": 2, "valid": 2},
    ),
    "dogs and cats: the folder twice": (
        _tree("{s}/{s}/{c}/1.jpg", s=["training_set", "test_set"], c=["cats", "dogs"]),
        ("cats", "dogs"),
        {"train": 2, "test": 2},
    ),
    "Intel: an affix, the folder twice, images to predict": (
        [*_tree("{s}/{s}/{c}/1.jpg", s=["seg_train", "seg_test"], c=["sea", "street"]), "seg_pred/seg_pred/1.jpg"],
        ("sea", "street"),
        {"train": 2, "test": 2},
    ),
    "blood cells: two test folders": (
        _tree("images/{s}/{c}/1.jpg", s=["TRAIN", "TEST", "TEST_SIMPLE"], c=["EOSINOPHIL", "LYMPHOCYTE"]),
        ("EOSINOPHIL", "LYMPHOCYTE"),
        {"train": 2, "test": 4},
    ),
    "chest X-ray: everything below one folder": (
        _tree("chest_xray/{s}/{c}/1.jpg", s=["train", "val", "test"], c=["NORMAL", "PNEUMONIA"]),
        ("NORMAL", "PNEUMONIA"),
        {"train": 2, "valid": 2, "test": 2},
    ),
    "split below the class": (
        _tree("{c}/{s}/1.png", c=["bottle", "cable"], s=["train", "test"]),
        ("bottle", "cable"),
        {"train": 2, "test": 2},
    ),
    "images in a folder of their own": (
        _tree("{s}/images/{c}/1.jpg", s=["train2017", "val2017"], c="ab"),
        ("a", "b"),
        {"train": 2, "valid": 2},
    ),
    "Tiny ImageNet: images below each class": (
        [*_tree("train/{c}/images/1.JPEG", c=["n01", "n02"]), "val/images/1.JPEG", "test/images/1.JPEG"],
        ("n01", "n02"),
        {"train": 2, "test": 1},
    ),
    "ImageNet: valid images without folders": (
        [*_tree("train/{c}/1.JPEG", c=["n01", "n02"]), "val/1.JPEG", "val/2.JPEG"],
        ("n01", "n02"),
        {"train": 2},
    ),
    "Hugging Face imagefolder": (
        _tree("data/{s}/{c}/1.jpg", s=["train", "validation", "test"], c=["cat", "dog"]),
        ("cat", "dog"),
        {"train": 2, "valid": 2, "test": 2},
    ),
    "a split and kinds of a class": (
        [*_tree("{s}/{c}/1.jpg", s=["train", "test"], c=["good", "bad"]), "ground_truth/bad/1.png"],
        ("bad", "good"),
        {"train": 2, "test": 2},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_splits_of_public_layouts_are_splits_and_no_classes(make_tree, layout):
    files, classes, splits = LAYOUTS[layout]
    found = scan(make_tree(*files))
    (head,) = found.samples.task.heads
    assert head.classes == classes
    assert _split_counts(found.samples) == splits
    assert any(note.startswith("Split, from the ") for note in found.notes)


def test_what_was_left_out_and_which_folder_is_which_split_is_said(make_tree):
    files, *_ = LAYOUTS["Intel: an affix, the folder twice, images to predict"]
    notes = scan(make_tree(*files)).notes
    (said,) = [
        note for note in notes if note.startswith("Split, from the top folders: train 2 (seg_train), test 2 (seg_")
    ]
    assert "--split-names seg_train=none" in respell(said)
    assert any("1 image is in folders beside the split" in note and "seg_pred/seg_pred/1.jpg" in note for note in notes)
    imagenet = scan(make_tree("t/train/a/1.jpg", "t/train/b/1.jpg", "t/val/9.jpg", "t/val/8.jpg") / "t")
    assert any("2 images of valid" in note and "Nothing is left of valid" in note for note in imagenet.notes)
    assert imagenet.unlisted == ("val/8.jpg", "val/9.jpg")


CLASSES = {
    "trains among vehicles": (["train/1.jpg", "car/2.jpg", "bus/3.jpg"], ("bus", "car", "train")),
    "kinds of trains": (["train/steam/1.jpg", "train/electric/2.jpg", "car/small/3.jpg"], None),
    "test tubes": (["test_tube/1.jpg", "beaker/2.jpg"], ("beaker", "test_tube")),
    "valid and invalid": (["valid/1.jpg", "invalid/2.jpg"], ("invalid", "valid")),
    "patients and a control": (["test/1.jpg", "control/2.jpg"], ("control", "test")),
    "Omniglot: alphabets of different length": (
        [f"{name}/character{i:02}/1.png" for name, n in (("Greek", 24), ("Latin", 26), ("Kana", 5)) for i in range(n)],
        None,
    ),
}


@pytest.mark.parametrize("layout", CLASSES)
def test_classes_that_sound_like_a_split_stay_classes(make_tree, layout):
    files, classes = CLASSES[layout]
    samples = scan(make_tree(*files)).samples
    assert samples.split is None
    assert samples.task.heads[0].classes == (classes or tuple(sorted(name.rsplit("/", 1)[0] for name in files)))


def test_a_folder_beside_the_splits_that_may_be_anything_is_asked_for(make_tree):
    root = make_tree(*_tree("{s}/{c}/1.jpg", s=["train", "val", "extra"], c="ab"))
    with pytest.raises(SourceError, match=r"train, val name a split, but extra") as caught:
        scan(root)
    shown = "\n".join(map(respell, caught.value.details))
    assert "--split-names extra=none" in shown
    assert "--split-names extra=train" in shown
    assert "--layout folders" in shown
    without = scan(root, ScanOptions(split_names={"extra": "none"})).samples
    assert _split_counts(without) == {"train": 2, "valid": 2}
    assert without.task.heads[0].classes == ("a", "b")
    assert _split_counts(scan(root, ScanOptions(split_names={"extra": "train"})).samples) == {"train": 4, "valid": 2}
    assert len(scan(root, ScanOptions(layout="folders")).samples.task.heads[0].classes) == 6


@pytest.mark.parametrize("split", ["train", "training_set", "test"])
def test_bare_images_beside_one_split_with_classes_are_asked_for_and_every_answer_works(make_tree, split):
    """They are no class beside `train/a` and `train/b`."""
    root = make_tree(*_tree("{s}/{c}/1.jpg", s=[split], c="ab"), "extra/1.jpg", "extra/2.jpg")
    with pytest.raises(SourceError, match=rf"the folder {split} names a split, but extra beside it") as caught:
        scan(root)
    found = []
    for line in caught.value.details:
        (code,) = re.findall(r"`([^`]+)`", line)
        samples = eval(f"podium.scan(root, {code})", {"podium": podium, "root": root}).samples
        n_test = 0 if samples.split is None else _split_counts(samples)["test"]
        found.append((samples.task.heads[0].classes, n_test, len(samples)))
    n_own = 2 if split == "test" else 0
    assert found[:2] == [(("a", "b"), n_own, 2), (("a", "b"), n_own + 2, 4)]
    assert found[2][0] == ("extra", f"{split}/a", f"{split}/b")


def test_nothing_is_asked_or_left_out_where_no_labels_are_read(make_tree):
    root = make_tree(*_tree("{s}/{c}/1.jpg", s=["train", "val", "extra", "unlabeled"], c="ab"), "9.jpg")
    assert len(scan(root, ScanOptions(unlabelled=True)).samples) == 9
    assert len(scan(root, ScanOptions(unlabelled=True, split_names={"extra": "none"})).samples) == 7


def test_folder_names_that_are_not_there_and_splits_that_do_not_exist_are_named(make_tree):
    root = make_tree(*_tree("{s}/{c}/1.jpg", s=["train", "val", "extra"], c="ab"))
    with pytest.raises(UnknownNameError, match="Did you mean 'extra'"):
        scan(root, ScanOptions(split_names={"extras": "none"}))
    with pytest.raises(UnknownNameError, match="split 'tarin'"):
        ScanOptions(split_names={"extra": "tarin"})


def test_classes_in_the_file_names_are_pointed_out_with_a_pattern_that_works(make_tree):
    root = make_tree(
        *(f"train/train/{c}.{i}.jpg" for c in ("cat", "dog") for i in range(3)), "test1/1.jpg", "test1/2.jpg"
    )
    (note,) = [note for note in scan(root).notes if note.startswith("File names begin with cat 3, dog 3")]
    assert "--pattern '{label}*' --label-columns label --allow-unmatched" in respell(note)
    options = ScanOptions(pattern="{label}*", label_columns=("label",), allow_unmatched=True)
    assert scan(root, options).samples.task.heads[0].classes == ("cat", "dog")
    assert not any("File names" in note for note in scan(make_tree("x/IMG_1.jpg", "x/IMG_2.jpg") / "x").notes)
