from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.listing import part_of
from podium.metrics import score_predictions
from podium.report.cautions import describe_cautions
from podium.report.contents import RunContents
from podium.report.folds_section import count_divided_groups, describe_folds
from podium.report.headline import describe_headline
from podium.splits import LeakCount, LeakKind, LeakPair, LeakReport, make_folds
from podium.store import RunFolder
from podium.tables import ALWAYS_TRAIN, Folds, Head, Samples, Task, as_text_array

from .run_writer import make_samples, predict

TASK = Task((Head("h", "single", ("a", "b", "c")),))


def contents_of(samples: Samples, folds: Folds, only: tuple[int, ...] | None = None, **rest: Any) -> RunContents:
    oof = predict(samples, folds)
    if only is not None:
        oof = oof.take(np.isin(oof.fold, only))
    scores = score_predictions(oof, samples, n_resamples=20)
    return RunContents(RunFolder(Path("r")), samples=samples, folds=folds, scores=scores, oof=oof, **rest)


@pytest.fixture(scope="module")
def samples() -> Samples:
    return make_samples(TASK, Path("data"), 200, n_groups=50)


def leaks_of(n_pairs: int, accepted: tuple[LeakKind, ...] = ()) -> LeakReport:
    pairs = tuple(LeakPair(f"a{n}", f"b{n}", "near_duplicate", "fold 0", "fold 1", n) for n in range(n_pairs))
    count = LeakCount(n_pairs, 2 * n_pairs, n_pairs)
    report = LeakReport({"near_duplicate": count}, pairs, 2 * n_pairs, 200, n_pairs / 100, accepted=accepted)
    assert LeakReport.from_dict(report.to_dict()) == report
    return report


def names(contents: RunContents) -> set[str]:
    return {caution.name for caution in describe_cautions(contents).cautions}


def test_a_clean_run_has_none(samples: Samples) -> None:
    contents = contents_of(samples, make_folds(samples), recipe_text="training: {select: last}", leaks=leaks_of(0))
    assert names(contents) == set()
    assert "never saw its group" in describe_headline(contents).meaning[0]


def test_divided_groups(samples: Samples) -> None:
    folds = make_folds(samples, split_method="random")
    contents = contents_of(samples, folds)
    assert "Groups are divided" in names(contents)
    assert "may have seen others of its group" in describe_headline(contents).meaning[0]
    parts: dict[str, set[int]] = {}
    for key, fold in zip(samples.group_keys, folds.fold, strict=True):
        parts.setdefault(key, set()).add(int(fold))
    assert count_divided_groups(samples, folds) == sum(len(found) > 1 for found in parts.values())


def test_a_group_in_training_only_and_in_a_fold_is_divided(samples: Samples) -> None:
    folds = make_folds(samples)
    fold = folds.fold.copy()
    fold[0] = ALWAYS_TRAIN
    assert count_divided_groups(samples, folds) == 0
    assert count_divided_groups(samples, replace(folds, fold=fold)) == 1


def test_without_groups_nothing_is_divided(samples: Samples) -> None:
    alone = replace(samples, group=None)
    contents = contents_of(alone, make_folds(alone, split_method="random"))
    assert names(contents) == set()
    assert "never saw it." in describe_headline(contents).meaning[0]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"recipe_text": "training: {select: best}"}, "Chosen on the same folds"),
        ({"recipe_text": "training: {select: last, patience: 3}"}, "Stopped by the same folds"),
        ({"recipe_text": "training: {select: best, patience: 3}"}, "Stopped by the same folds"),
        ({"leaks": leaks_of(2)}, "Leaks between folds"),
        ({"leaks": leaks_of(2, accepted=("near_duplicate",))}, "Leaks between folds"),
        ({"hints": ("names look like people",)}, "A group may be missing"),
        ({"quarantine": {"id": ["x"] * 20}}, "Broken images"),
        ({"audit": {"emptied_classes": ["h: c"]}}, "Emptied classes"),
    ],
)
def test_each_weakness_is_said(samples: Samples, change: Mapping[str, Any], name: str) -> None:
    assert names(contents_of(samples, make_folds(samples), **change)) == {name}


@pytest.mark.parametrize(
    ("only", "words"), [((2,), "only fold 2 of 5 is trained"), ((0, 3), "only 2 of 5 folds are trained")]
)
def test_folds_not_trained(samples: Samples, only: tuple[int, ...], words: str) -> None:
    folds = make_folds(samples)
    contents = contents_of(samples, folds, only)
    found = {caution.name: caution.words for caution in describe_cautions(contents).cautions}
    n_judged = int(np.isin(folds.fold, only).sum())
    assert found["Not all images are evaluated"].startswith(f"{n_judged} of {len(samples)} images")
    assert words in found["Not all images are evaluated"]
    assert ("A single fold" in found) == (len(only) == 1)


def test_single_split_and_holdout(samples: Samples) -> None:
    split = np.where(np.arange(len(samples)) % 50 < 15, "valid", "train").astype(object)
    known = replace(samples, split=split)
    assert "A single split" in names(contents_of(known, make_folds(known, split_method="predefined")))
    assert "A holdout set is set aside" in names(contents_of(samples, make_folds(samples, holdout_fraction=0.2)))


def test_few_groups_and_rare_classes() -> None:
    few = make_samples(TASK, Path("data"), 25, n_groups=10)
    found = {c.name: c.words for c in describe_cautions(contents_of(few, make_folds(few, folds=2))).cautions}
    assert "Only 10 groups" in found["Few groups"]
    assert "Rare classes" in found


def test_a_label_that_no_image_lacks_is_said() -> None:
    task = Task((Head("marks", "multi", ("a", "b", "c")),))
    samples = make_samples(task, Path("data"), 200, n_groups=50)
    labels = samples.labels["marks"].copy()
    labels[:, 1] = np.where(labels[:, 1] == 1, 1, -1)
    assert names(contents_of(samples, make_folds(samples))) == set()
    only_yes = replace(samples, labels={"marks": labels})
    found = {c.name: c.words for c in describe_cautions(contents_of(only_yes, make_folds(only_yes))).cautions}
    assert "known to lack b of marks" in found["Labels without a no"]


def test_a_class_of_many_images_in_few_groups_is_rare() -> None:
    samples = make_samples(TASK, Path("data"), 600, n_groups=36)
    of_class = samples.target_labels(TASK.main_target.name)
    keys = [f"{label} {row % (4 if label == 0 else 40)}" for row, label in enumerate(of_class.tolist())]
    many = replace(samples, group=as_text_array(keys))
    contents = contents_of(many, make_folds(many, folds=2))
    found, scores = {c.name: c.words for c in describe_cautions(contents).cautions}, contents.scores
    assert scores is not None
    sizes = {item.name: item for item in scores.targets[scores.main_target].per_class}
    rare = [name for name, item in sizes.items() if item.n_groups < 10 <= item.n]
    assert rare
    assert f"{part_of(len(rare), len(sizes), 'class', 'has', 'have')} fewer than 10 groups" in found["Rare classes"]


@pytest.mark.parametrize(
    ("leaks", "state"),
    [
        (leaks_of(0), "clean"),
        (leaks_of(2), "leaks"),
        (leaks_of(2, accepted=("near_duplicate",)), "accepted"),
    ],
)
def test_the_folds_section_gives_the_leak_checks_verdict(samples: Samples, leaks: LeakReport, state: str) -> None:
    section = describe_folds(contents_of(samples, make_folds(samples), leaks=leaks))
    assert section is not None
    assert section.leaks is not None
    assert section.leaks.state == state
    assert section.leaks.words.removesuffix(" Not checked: look-alikes by features.") == leaks.verdict
    assert section.leaks.details == tuple(str(pair) for pair in leaks.pairs)


def test_folds_whose_leak_check_cannot_be_read_have_no_verdict(samples: Samples) -> None:
    section = describe_folds(contents_of(samples, make_folds(samples)))
    assert section is not None
    assert section.leaks is None
