from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import PodiumError, SplitError, UnknownNameError, UsageError
from podium.splits import check_request, choose_method, make_folds
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Samples

Build = Callable[..., Samples]
METHODS = ("stratified", "group", "stratified_group", "multilabel", "multilabel_group", "random")


def person_samples(make_samples: Build, n: int = 240, n_people: int = 40, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.arange(n) % n_people)
    labels = {"mask": rng.integers(0, 3, n), "gender": (person % 2), "age": (person // 2) % 3}
    return make_samples(n, labels, group=[f"p{i:03d}" for i in person])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_folds_do_not_depend_on_the_order_of_rows(make_samples: Build, method: str, holdout: float) -> None:
    samples = person_samples(make_samples)
    order = np.random.default_rng(9).permutation(len(samples))
    one = make_folds(samples, split_method=method, split_seed=3, holdout_fraction=holdout)
    other = make_folds(samples.take(order), split_method=method, split_seed=3, holdout_fraction=holdout)
    assert other.fold.tolist() == one.fold[order].tolist()
    assert (
        one.digest
        == other.digest
        == make_folds(samples, split_method=method, split_seed=3, holdout_fraction=holdout).digest
    )
    assert one.digest != make_folds(samples, split_method=method, split_seed=4, holdout_fraction=holdout).digest


@pytest.mark.parametrize("method", METHODS)
def test_each_seed_holds_out_others_and_deals_otherwise(make_samples: Build, method: str) -> None:
    samples = person_samples(make_samples)
    held, together = set(), set()
    for seed in range(4):
        held.add(
            tuple(make_folds(samples, split_method=method, split_seed=seed, holdout_fraction=0.2).holdout_rows.tolist())
        )
        fold = make_folds(samples, split_method=method, split_seed=seed).fold
        together.add((fold[:, None] == fold).tobytes())  # whatever the number of a fold
    assert len(held) == len(together) == 4


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), n_folds=st.integers(2, 6), holdout=st.sampled_from([0.0, 0.1, 0.3]))
@pytest.mark.parametrize("method", ["group", "stratified_group", "multilabel_group"])
def test_groups_stay_whole(make_samples: Build, method: str, seed: int, n_folds: int, holdout: float) -> None:
    samples = person_samples(make_samples, 120, 24, seed)
    folds = make_folds(samples, split_method=method, folds=n_folds, split_seed=seed, holdout_fraction=holdout)
    for person in set(samples.group.tolist()):
        assert len(set(folds.fold[samples.group == person].tolist())) == 1
    assert set(folds.fold.tolist()) - {HOLDOUT} == set(range(n_folds))
    assert bool((folds.fold == HOLDOUT).any()) == bool(holdout)


@pytest.mark.parametrize("method", METHODS)
def test_holdout_has_its_share_and_is_never_trained_on(make_samples: Build, method: str) -> None:
    samples = person_samples(make_samples)
    folds = make_folds(samples, split_method=method, holdout_fraction=0.2)
    assert abs(len(folds.holdout_rows) - 48) <= 6
    for fold in range(5):
        train, valid = set(folds.train_rows(fold).tolist()), set(folds.valid_rows(fold).tolist())
        assert not train & valid
        assert not (train | valid) & set(folds.holdout_rows.tolist())


def test_ungrouped_rows_among_groups_stand_alone(make_samples: Build) -> None:
    label = np.arange(60) % 2
    samples = make_samples(60, {"c": label}, group=["a"] * 10 + ["b"] * 10 + [""] * 40)
    folds = make_folds(samples, folds=4)
    assert folds.method == "stratified_group"
    assert np.ptp(np.bincount(folds.fold)) <= 2


def test_missing_labels_are_spread_like_a_class(make_samples: Build) -> None:
    label = np.asarray([0] * 40 + [1] * 40 + [-1] * 20)
    folds = make_folds(make_samples(100, {"c": label}), folds=5)
    for code in (-1, 0, 1):
        assert np.ptp(np.bincount(folds.fold[label == code], minlength=5)) <= 1


def test_missing_multi_labels_and_empty_rows_are_spread(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 4)) < 0.2).astype(int)
    labels[:60] = 0
    labels[60:100, 1] = -1
    folds = make_folds(make_samples(300, {"tags": labels}), folds=5)
    assert folds.method == "multilabel"
    for rows in (~(labels == 1).any(axis=1), labels[:, 1] == -1, *(labels[:, i] == 1 for i in range(4))):
        assert np.ptp(np.bincount(folds.fold[rows], minlength=5)) <= 2


def test_auto_takes_what_the_samples_call_for(make_samples: Build) -> None:
    label, tags = np.arange(20) % 2, np.ones((20, 3), int)
    group, split = ["g"] * 20, ["train"] * 15 + ["valid"] * 5
    assert choose_method(make_samples(20, {"c": label})) == "stratified"
    assert choose_method(make_samples(20, {"c": label}, group=group)) == "stratified_group"
    assert choose_method(make_samples(20, {"t": tags})) == "multilabel"
    assert choose_method(make_samples(20, {"t": tags}, group=group)) == "multilabel_group"
    assert choose_method(make_samples(20, {"a": label, "b": label})) == "multilabel"
    assert choose_method(make_samples(20, {"a": label, "b": label}), stratify_by="b") == "stratified"
    assert choose_method(make_samples(20, {"a": label, "b": label}, composite="a*2 + b")) == "stratified"
    assert choose_method(make_samples(20, {"a": label, "t": tags}), stratify_by="t") == "multilabel"
    assert choose_method(make_samples(20)) == "random"
    assert choose_method(make_samples(20, group=group)) == "group"
    assert choose_method(make_samples(20, {"c": label}, group=group, split=split)) == "predefined"
    assert choose_method(make_samples(20, {"c": label}, split=["train"] * 20)) == "stratified"


def test_composite_class_is_balanced(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 200), rng.integers(0, 2, 200)
    samples = make_samples(200, {"a": a, "b": b}, composite="a*2 + b")
    folds = make_folds(samples)
    for number in range(6):
        assert np.ptp(np.bincount(folds.fold[a * 2 + b == number], minlength=5)) <= 1


def test_several_heads_are_all_balanced(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    labels = {"a": rng.integers(0, 4, 400), "b": rng.integers(0, 3, 400), "t": (rng.random((400, 3)) < 0.3)}
    folds = make_folds(make_samples(400, labels))
    for column in ([labels["a"] == i for i in range(4)], [labels["b"] == i for i in range(3)], labels["t"].T):
        for rows in column:
            assert np.ptp(np.bincount(folds.fold[rows], minlength=5)) <= 2


def test_predefined_follows_the_source(make_samples: Build) -> None:
    split = ["train"] * 6 + ["valid"] * 3 + ["test"] * 2 + [""]
    folds = make_folds(make_samples(12, {"c": np.arange(12) % 2}, split=split))
    assert (folds.method, folds.n_folds) == ("predefined", 1)
    assert folds.fold.tolist() == [ALWAYS_TRAIN] * 6 + [0] * 3 + [HOLDOUT] * 2 + [ALWAYS_TRAIN]


def test_rows_that_the_source_calls_test_are_never_dealt(make_samples: Build) -> None:
    split = ["train"] * 40 + ["test"] * 10
    samples = make_samples(50, {"c": np.arange(50) % 2}, split=split)
    folds = make_folds(samples)
    assert np.flatnonzero(folds.fold == HOLDOUT).tolist() == list(range(40, 50))
    with pytest.raises(SplitError, match="already holds out"):
        make_folds(samples, holdout_fraction=0.1)


def test_a_class_with_fewer_images_than_folds_is_refused_by_name(make_samples: Build) -> None:
    samples = make_samples(53, {"c": [0] * 50 + [1] * 3})
    with pytest.raises(SplitError, match=r"class 'c1' of 'c' has 3 images, fewer than 5 folds.*folds=3") as caught:
        make_folds(samples, strict=True)
    assert make_folds(samples, folds=3).n_folds == 3
    assert "other classes" not in str(caught.value)
    more = make_samples(63, {"c": [0] * 50 + [1] * 3 + [2] * 4 + [3] * 2 + [4] * 4})
    with pytest.raises(SplitError, match=r"class 'c3' .* has 2 images.*\(3 other classes have too few, too\)"):
        make_folds(more, strict=True)
    folds = make_folds(samples)
    assert np.bincount(folds.fold[-3:], minlength=5).max() == 1


def test_for_groups_it_is_groups_that_count(make_samples: Build) -> None:
    group = [f"g{i // 4}" for i in range(40)]
    samples = make_samples(40, {"c": [0] * 32 + [1] * 8}, group=group)
    with pytest.raises(SplitError, match=r"has 2 groups, fewer than 4 folds.*folds=2"):
        make_folds(samples, folds=4, strict=True)
    assert set(make_folds(samples, folds=2).fold[-8:].tolist()) == {0, 1}


def test_a_single_image_of_a_class_offers_no_number_of_folds(make_samples: Build) -> None:
    labels = np.zeros((30, 3), int)
    labels[:20, 0], labels[3, 1] = 1, 1
    with pytest.raises(SplitError, match="has 1 image, fewer than 2 folds") as caught:
        make_folds(make_samples(30, {"t": labels}), folds=2, strict=True)
    assert "folds=" not in str(caught.value)
    assert make_folds(make_samples(30, {"t": labels}), folds=2).n_folds == 2


def test_a_class_without_images_is_no_obstacle(make_samples: Build) -> None:
    samples = make_samples(20, {"c": np.arange(20) % 2}, classes={"c": ["x", "y", "never"]})
    assert make_folds(samples).n_folds == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 31, "split_method": "random"}, "at most 30 folds"),
        ({"split_method": "group"}, "no sample names one"),
        ({"split_method": "predefined"}, "needs samples of split"),
        ({"split_method": "stratified", "stratify_by": "t"}, "multi-label"),
    ],
)
def test_requests_that_cannot_be_met(make_samples: Build, options: dict[str, object], message: str) -> None:
    samples = make_samples(30, {"c": np.arange(30) % 2, "t": np.ones((30, 2), int)})
    with pytest.raises(SplitError, match=message):
        make_folds(samples, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "at least 2, got 1"),
        ({"folds": -3}, "at least 2, got -3"),
        ({"holdout_fraction": 1.0}, r"\[0, 1\)"),
        ({"split_seed": -1}, "0 or more"),
    ],
)
def test_numbers_that_no_samples_can_meet_are_wrong_usage(
    make_samples: Build, options: dict[str, object], message: str
) -> None:
    samples = make_samples(30, {"c": np.arange(30) % 2})
    with pytest.raises(UsageError, match=message):
        make_folds(samples, **options)


def test_unknown_names_and_too_few_groups(make_samples: Build) -> None:
    samples = make_samples(30, {"c": np.arange(30) % 2}, group=[f"g{i % 3}" for i in range(30)])
    with pytest.raises(SplitError, match=r"3 groups are too few for 5 folds.*at most 3"):
        make_folds(samples)
    lone = make_samples(30, {"c": np.arange(30) % 2}, group=["all"] * 30)
    with pytest.raises(SplitError, match=r"1 group is too few for a holdout and folds.*Check the group column"):
        make_folds(lone, holdout_fraction=0.2)
    with pytest.raises(UnknownNameError, match="stratified"):
        make_folds(samples, split_method="stratifed")
    with pytest.raises(UnknownNameError, match="head"):
        make_folds(samples, stratify_by="colour", split_method="stratified")
    with pytest.raises(SplitError, match="have no labels"):
        make_folds(make_samples(30), split_method="stratified")


@pytest.mark.parametrize("split", [None, ["train"] * 20 + ["valid"] * 10])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"folds": 3, "split_seed": 7},
        {"split_method": "group"},
        {"split_method": "predefined"},
        {"split_method": "predefined", "holdout_fraction": 0.2},
        {"split_method": "stratified", "folds": 16},
        {"split_method": "stratified", "folds": 16, "strict": True},
        {"holdout_fraction": 0.5, "folds": 8},
        {"stratify_by": "d", "split_method": "stratified"},
        {"stratify_by": "e", "split_method": "stratified"},
        {"folds": 1},
        {"split_seed": -1},
    ],
)
def test_a_request_is_refused_beforehand_as_it_would_be(
    make_samples: Build, options: dict[str, Any], split: list[str] | None
) -> None:
    samples = make_samples(30, {"c": np.arange(30) % 2, "d": np.arange(30) % 3}, split=split)
    try:
        expected: object = make_folds(samples, **options).n_folds
    except PodiumError as error:
        expected = str(error)
    try:
        found: object = check_request(samples, **options)
    except PodiumError as error:
        found = str(error)
    assert found == expected


def test_row_order_of_folds_is_that_of_the_samples(make_samples: Build) -> None:
    samples = person_samples(make_samples)
    folds = make_folds(samples)
    assert folds.ids.tolist() == samples.ids.tolist()
    assert folds.match(samples).fold.tolist() == folds.fold.tolist()


@pytest.mark.slow
def test_long_tail_of_a_real_catalogue_can_be_split(make_samples: Build, shared_data: Callable[[str], object]) -> None:
    import pandas as pd

    table = pd.read_csv(shared_data("fashion_products") / "labels.csv", dtype=str, keep_default_na=False)
    codes = {name: pd.factorize(table[name], sort=True)[0] for name in ("gender", "articleType", "season")}
    samples = make_samples(table["path"].tolist(), codes)
    with pytest.raises(SplitError, match="other classes have too few"):
        make_folds(samples, strict=True)
    folds = make_folds(samples)
    for column in codes.values():
        held = np.array([np.bincount(column[folds.fold == fold], minlength=column.max() + 1) for fold in range(5)])
        assert np.ptp(held, axis=0).max() <= 3
    assert np.ptp(np.bincount(folds.fold)) <= 3


@pytest.mark.long
def test_a_class_that_goes_to_the_holdout_whole_is_refused(make_samples: Build) -> None:
    n_refused = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        of_group = rng.integers(0, 6, rng.integers(8, 24))  # some classes live in one group
        rows = np.repeat(np.arange(len(of_group)), rng.integers(1, 40, len(of_group)))
        samples = make_samples(len(rows), {"kind": of_group[rows]}, group=[f"p{row}" for row in rows])
        how = {"folds": 2, "split_seed": seed, "holdout_fraction": 0.5}
        folds = make_folds(samples, **how)
        if any((folds.fold[of_group[rows] == label] == HOLDOUT).all() for label in set(of_group.tolist())):
            n_refused += 1
            with pytest.raises(SplitError, match="is in the holdout"):
                make_folds(samples, **how, strict=True)
    assert n_refused
