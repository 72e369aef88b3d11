"""The same names below every folder: no path of both is taken for a class; every advice can be pasted and works."""

from __future__ import annotations

import re

import pytest

import podium
from podium.cli.spelling import respell
from podium.curate import ScanOptions, scan
from podium.curate.parallel_folders import shared_end
from podium.errors import SourceError

VERSIONS = [f"{v}/{c}/{i}.jpg" for v in ("color", "grayscale", "segmented") for c in ("rust", "scab") for i in range(2)]


def _details(root, options=None):
    with pytest.raises(SourceError, match="hold the same 2 folders") as caught:
        scan(root, options)
    return caught.value.details


@pytest.mark.parametrize("prefix", ["", "plantvillage/"])
def test_versions_of_the_same_classes_are_asked_for(make_tree, prefix):
    details = _details(make_tree(*(prefix + name for name in VERSIONS)))
    assert len(details) == 7
    assert "--layout folders" in respell(details[-1])


def test_every_reading_that_is_offered_works(make_tree):
    root = make_tree(*VERSIONS)
    found = []
    for line in _details(root):
        (code,) = re.findall(r"`([^`]+)`", line)
        samples = eval(f"podium.scan(root, {code})", {"podium": podium, "root": root}).samples
        heads = [(head.name, head.classes) for head in samples.task.heads]
        found.append((heads, samples.has_groups and len(set(samples.group)), samples.split is not None))
    label, versions = ("label", ("rust", "scab")), ("color", "grayscale", "segmented")
    assert found[:6] == [
        ([label], False, False),
        ([label], 3, False),  # persons: color, grayscale, segmented
        ([label], 2, False),  # versions of the same two names
        ([("label", versions)], False, False),
        ([("outer", versions), ("inner", ("rust", "scab"))], False, False),
        ([label], False, True),
    ]
    assert len(found[6][0][0][1]) == 6


@pytest.mark.parametrize("name", ["fold{}", "Fold_{}", "cv-{}", "k-fold {}"])
def test_folders_called_after_folds_are_offered_as_folds_and_not_as_a_split(make_tree, name):
    root = make_tree(*(f"{name.format(n)}/{c}/{i}.jpg" for n in (1, 2, 10) for c in ("rust", "scab") for i in "01"))
    details = _details(root)
    assert not any("split_names" in line for line in details)
    (code,) = re.findall(r"`([^`]+)`", details[0])
    samples = eval(f"podium.scan(root, {code})", {"podium": podium, "root": root}).samples
    assert samples.task.heads[0].classes == ("rust", "scab")
    assert set(samples.fold.tolist()) == {name.format(n) for n in (1, 2, 10)}
    assert "--fold-column fold" in respell(details[0])


def test_the_question_below_a_split_keeps_the_split(make_tree):
    root = make_tree(*(f"{s}/{name}" for s in ("train", "test") for name in VERSIONS))
    (code,) = re.findall(r"`([^`]+)`", _details(root)[0])
    samples = eval(f"podium.scan(root, {code})", {"podium": podium, "root": root}).samples
    assert samples.task.heads[0].classes == ("rust", "scab")
    assert samples.split.tolist().count("test") == len(VERSIONS)


def test_domains_that_lack_few_classes_are_asked_for_and_different_names_are_not(make_tree):
    domains = [f"{d}/images/{c}/1.jpg" for d in ("amazon", "dslr", "webcam") for c in ("bike", "mug", "pen", "desk")]
    root = make_tree(*(name for name in domains if name != "dslr/images/pen/1.jpg"))
    with pytest.raises(SourceError, match="3 folders") as caught:
        scan(root)
    assert "--pattern '{folder}/*/{label}/*'" in respell(caught.value.details[0])
    options = ScanOptions(pattern="{folder}/*/{label}/*", label_columns=("label",))
    assert scan(root, options).samples.task.heads[0].classes == ("bike", "desk", "mug", "pen")


def test_a_tree_of_different_names_is_read_as_before(make_tree):
    root = make_tree("animal/cat/1.jpg", "animal/dog/1.jpg", "plant/oak/1.jpg", "plant/fir/1.jpg")
    assert scan(root).samples.task.heads[0].classes == ("animal/cat", "animal/dog", "plant/fir", "plant/oak")


def test_a_last_folder_that_all_share_is_no_part_of_the_class(make_tree):
    found = scan(make_tree("a/images/1.jpg", "b/images/2.jpg"))
    assert found.samples.task.heads[0].classes == ("a", "b")
    assert any("'images'" in note for note in found.notes)
    assert shared_end([("a", "x", "y"), ("x", "y")]) == ("y",)


def test_layout_folders_takes_the_paths(make_tree):
    found = scan(make_tree(*VERSIONS), ScanOptions(layout="folders"))
    assert len(found.samples.task.heads[0].classes) == 6


@pytest.mark.parametrize(
    ("outer", "meant"),
    [
        (("noisy", "train"), "{'noisy': 'test', 'train': 'train'}"),
        (("a", "test1"), "{'a': 'train', 'test1': 'test'}"),
        (("p", "q"), "{'p': 'train', 'q': 'test'}"),
    ],
)
def test_a_folder_called_train_is_not_offered_as_a_test_set(make_tree, outer, meant):
    details = _details(make_tree(*(f"{v}/{c}/{i}.jpg" for v in outer for c in ("rust", "scab") for i in range(2))))
    assert f"split_names={meant}" in details[-2]
