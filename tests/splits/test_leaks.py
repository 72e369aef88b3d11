from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from podium.errors import SplitError
from podium.images.phash import compute_phash
from podium.splits import LeakReport, find_leaks, find_twins_between, join_groups, make_folds
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Folds, Samples
from podium.twins import find_near_duplicates, make_thumbnails

Build = Callable[..., Samples]
NORMAL = 0x0F0F_3C3C_5A5A_6969


def folds_of(samples: Samples, fold: list[int]) -> Folds:
    return Folds(samples.ids, np.asarray(fold), max(fold) + 1, "test", 0, samples.digest)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-2, 2)), min_size=3, max_size=40))
def test_counts_are_those_of_comparing_all_with_all(make_samples: Build, rows: list[tuple[int, int]]) -> None:
    rows = [*rows, (7, 0), (7, 1), (7, 2)]
    keys = [f"g{key}" if key else "" for key, _ in rows]
    fold = [number for _, number in rows]
    samples = make_samples(len(rows), group=keys)
    report = find_leaks(samples, folds_of(samples, fold), sha256=keys)
    bad = [
        (i, j) for i, j in combinations(range(len(rows)), 2) if keys[i] and keys[i] == keys[j] and fold[i] != fold[j]
    ]
    involved = {row for pair in bad for row in pair}
    for kind in ("same_group", "same_bytes"):
        assert report.counts[kind].n_pairs == len(bad)
        assert report.counts[kind].n_samples == len(involved) == report.n_samples
        assert report.counts[kind].n_sets == len({keys[i] for i, _ in bad})
    # No model learns from the holdout.
    known = {one for pair in bad for one, other in (pair, pair[::-1]) if fold[other] != HOLDOUT}
    validated = {row for row, side in enumerate(fold) if side >= 0}
    held = {row for row, side in enumerate(fold) if side == HOLDOUT}
    for share, judged in ((report.judged_fraction, validated), (report.holdout_fraction, held)):
        assert share == (pytest.approx(len(known & judged) / len(judged)) if judged else None)


@pytest.mark.parametrize("kind", ["same_bytes", "near_duplicate"])
@pytest.mark.parametrize(
    ("fold", "share", "held"),
    [
        ([ALWAYS_TRAIN, ALWAYS_TRAIN, 0, HOLDOUT], 0.0, 0.0),  # one model, and it learns from the training rows alone
        ([ALWAYS_TRAIN, 0, ALWAYS_TRAIN, 0], 0.5, None),
        ([0, 1, 0, HOLDOUT], 0.0, 1.0),  # the models of fold 1 have seen the twin of the holdout's row
        ([0, 1, 0, 1], 0.5, None),
    ],
)
def test_the_share_counts_images_whose_twin_a_model_learns_from(
    make_samples: Build, kind: str, fold: list[int], share: float, held: float | None
) -> None:
    samples = make_samples(4, group=["a", "b", "c", "d"])
    twins = {
        "same_bytes": {"sha256": ["w", "x", "y", "y"]},
        "near_duplicate": {"phash": np.asarray([0, 0, NORMAL, NORMAL ^ 3], np.uint64)},
    }
    report = find_leaks(samples, folds_of(samples, fold), **twins[kind])
    assert report.counts[kind].n_pairs == 1  # type: ignore[index]
    assert (report.judged_fraction, report.holdout_fraction) == (share, held)


def test_a_given_test_set_has_a_share_of_its_own(make_samples: Build) -> None:
    """10 of 20 test images are copies: half of what is scored there, however many images the folds validate."""
    fold = [*(row % 2 for row in range(100)), *[HOLDOUT] * 20]
    digests = [*map(str, range(100)), *map(str, range(10)), *map(str, range(200, 210))]
    samples = make_samples(120)
    report = find_leaks(samples, folds_of(samples, fold), sha256=digests)
    assert (report.judged_fraction, report.holdout_fraction) == (0.0, 0.5)
    assert report.verdict.startswith(
        "10 files found on both sides: 50.0% of the held-out images match training images."
    )
    assert LeakReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    digests[1] = "0"
    both = find_leaks(samples, folds_of(samples, fold), sha256=digests)
    assert "2.0% of the images that models are scored on and 45.0% of the held-out images match" in both.verdict


@pytest.mark.parametrize("method", ["random", "stratified", "stratified_group"])
def test_only_grouped_folds_are_clean(make_samples: Build, method: str) -> None:
    samples = make_samples(60, {"c": np.arange(60) % 2}, group=[f"p{i // 6}" for i in range(60)])
    report = find_leaks(samples, make_folds(samples, split_method=method))
    assert report.is_clean == (method == "stratified_group")
    assert report.n_samples == (0 if report.is_clean else 60)


@pytest.mark.parametrize("other", [1, ALWAYS_TRAIN, HOLDOUT])
@pytest.mark.parametrize("kind", ["same_group", "same_bytes", "near_duplicate"])
def test_each_kind_is_seen_on_each_side(make_samples: Build, other: int, kind: str) -> None:
    group = ["a", "b", "a" if kind == "same_group" else "c", "d"]
    sha256 = ["w", "x", "w" if kind == "same_bytes" else "y", "z"]
    phash = np.asarray([NORMAL, ~NORMAL & (2**64 - 1), NORMAL ^ 3 if kind == "near_duplicate" else 0, 0], np.uint64)
    samples = make_samples(4, group=group)
    report = find_leaks(samples, folds_of(samples, [0, 0, other, 1]), sha256=sha256, phash=phash)
    assert report.found == (kind,)
    (pair,) = report.pairs
    assert {pair.a, pair.b} == {"000000.jpg", "000002.jpg"}
    assert {pair.side_a, pair.side_b} == {"fold 0", {1: "fold 1", ALWAYS_TRAIN: "train", HOLDOUT: "holdout"}[other]}
    assert pair.distance == (2 if kind == "near_duplicate" else None)
    same_side = find_leaks(samples, folds_of(samples, [0, 0, 0, 1]), sha256=sha256, phash=phash)
    assert same_side.is_clean


def test_the_order_of_rows_does_not_matter_and_foreign_folds_are_refused(make_samples: Build) -> None:
    samples = make_samples(40, {"c": np.arange(40) % 2}, group=[f"g{i // 4}" for i in range(40)])
    folds = make_folds(samples, split_method="random")
    mixed = samples.take(np.random.default_rng(0).permutation(40))
    assert find_leaks(mixed, folds).counts == find_leaks(samples, folds).counts
    with pytest.raises(SplitError, match="made for another sample table"):
        find_leaks(samples.take(range(39)), folds)


def test_black_frames_accuse_nobody_but_are_told(make_samples: Build) -> None:
    samples = make_samples(1000)
    folds = make_folds(samples, split_method="random")
    report = find_leaks(samples, folds, phash=np.zeros(1000, np.uint64))
    assert report.is_clean
    assert report.n_unjudged == 1000
    copies = find_leaks(samples, folds, sha256=["black"] * 1000, phash=np.zeros(1000, np.uint64))
    assert copies.found == ("same_bytes",)
    assert copies.counts["same_bytes"].n_pairs == 5 * 4 // 2 * 200 * 200
    assert len(copies.pairs) == 1


def test_joining_twins_makes_clean_folds(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    hashes = rng.permutation(np.repeat([NORMAL ^ (int(x) << 8) for x in range(0, 4000, 40)], 3)).astype(np.uint64)
    samples = make_samples(300, {"c": np.arange(300) % 3})
    before = find_leaks(samples, make_folds(samples), phash=hashes, max_distance=0)
    assert not before.is_clean
    group = join_groups(samples, find_near_duplicates(hashes, max_distance=0).pairs)
    joined = make_samples(300, {"c": np.arange(300) % 3}, group=group.tolist())
    after = find_leaks(joined, make_folds(joined), phash=hashes, max_distance=0)
    assert after.is_clean
    assert after.counts["near_duplicate"].n_pairs == 0


def test_one_pair_of_each_set_is_listed_up_to_fifty(make_samples: Build) -> None:
    for n in (3, 50, 60):
        keys = [f"g{i}" for i in range(n)] * 3
        samples = make_samples(3 * n, group=keys)
        report = find_leaks(samples, folds_of(samples, [0] * n + [1] * n + [2] * n))
        assert report.counts["same_group"].n_pairs == 3 * n
        assert [(p.a, p.b) for p in report.pairs] == [(f"{i:06d}.jpg", f"{i + n:06d}.jpg") for i in range(min(n, 50))]


def test_train_and_test_are_compared(make_samples: Build) -> None:
    train, test = make_samples(["a", "b", "c"], group=["p", "", "q"]), make_samples(["a", "d"], group=["q", ""])
    report = find_twins_between(
        train,
        test,
        sha256=(["1", "2", "3"], ["4", "2"]),
        phash=(np.asarray([NORMAL, 0, 0], np.uint64), np.asarray([NORMAL ^ 1 ^ 2, 0], np.uint64)),
    )
    assert report.found == ("same_group", "same_bytes", "near_duplicate")
    assert report.judged_fraction == 1.0
    assert [(p.a, p.side_a, p.b, p.side_b) for p in report.pairs] == [
        ("c", "train", "a", "test"),
        ("b", "train", "d", "test"),
        ("a", "train", "a", "test"),
    ]
    assert "100.0% of the test images match training images." in report.verdict  # no model is scored on them
    assert LeakReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert find_twins_between(train, make_samples(["x"]), sha256=(["1", "2", "3"], ["9"])).is_clean


def test_a_mirror_image_on_another_side_is_a_leak(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    photos = [gaussian_filter(rng.normal(128, 900, (96, 96, 3)), (6, 6, 0)).clip(0, 255) for _ in range(12)]
    pixels = np.stack([*photos, photos[3][:, ::-1], photos[7][:, ::-1]]).astype(np.uint8)
    prints = {
        "sha256": [str(row) for row in range(len(pixels))],
        "phash": np.array([compute_phash(image) for image in pixels], dtype=np.uint64),
        "thumbnails": make_thumbnails(pixels),
    }
    samples = make_samples(len(pixels))
    fold = [row % 2 for row in range(len(pixels))]  # 12 is not with 3, 13 is with 7
    report = find_leaks(samples, folds_of(samples, fold), **prints)
    assert [(pair.a, pair.b) for pair in report.pairs] == [(samples.ids[3], samples.ids[12])]
    assert report.counts["near_duplicate"].n_pairs == 1
    train, test = samples.take(np.arange(12)), samples.take(np.arange(12, 14))
    both = {name: (values[:12], values[12:]) for name, values in prints.items()}
    assert find_twins_between(train, test, **both).judged_fraction == 1
