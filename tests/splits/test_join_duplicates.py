"""Duplicates that no split divides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from podium.splits import find_leaks, join_duplicates, make_folds
from podium.tables import Samples

Build = Callable[..., Samples]
N = 40


def prints(**changes: Any) -> dict[str, Any]:
    """Fingerprints of images that are all different, but for 0 = 1 = 2 (one file) and 3 ~ 30 (one photo)."""
    rng = np.random.default_rng(0)
    bits = np.stack([rng.permutation(np.arange(64) % 2) for _ in range(N)]).astype(np.uint64)
    phash = (bits << np.arange(64, dtype=np.uint64)).sum(axis=1).astype(np.uint64)
    thumbnails = rng.integers(0, 256, (N, 16, 16)).astype(np.uint8)
    sha256 = np.asarray([f"{row:064d}" for row in range(N)], dtype=object)
    sha256[[1, 2]], phash[[1, 2]], thumbnails[[1, 2]] = sha256[0], phash[0], thumbnails[0]
    phash[30], thumbnails[30] = phash[3], thumbnails[3]
    return {"sha256": sha256, "phash": phash, "thumbnails": thumbnails} | changes


def labels(kind: str) -> dict[str, Any]:
    shapes = {
        "single": {"c": np.arange(N) % 4},
        "multi": {"t": (np.arange(N)[:, None] % [[2, 3, 5]] == 0).astype(int)},
        "several": {"c": np.arange(N) % 4, "d": np.arange(N) % 3},
    }
    return shapes[kind]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["single", "multi", "several"])
@pytest.mark.parametrize("is_named", [False, True])
def test_no_fold_divides_what_was_joined(kind: str, is_named: bool, make_samples: Build) -> None:
    group = [f"g{row // 2}" for row in range(N)] if is_named else None
    samples = make_samples(N, labels(kind), group=group)
    whole = join_duplicates(samples, **prints())
    assert whole.joined is not None
    assert (whole.joined.n_files, whole.joined.n_near, whole.joined.n_samples) == (1, 1, 5)
    assert (whole.joined.n_sets, whole.joined.n_largest, whole.joined.is_named) == (2, 3, is_named)
    for seed in range(10):
        folds = make_folds(whole.samples, split_method=whole.split_method, split_seed=seed, folds=4)
        assert folds.method.endswith("_group")
        assert len(set(folds.fold[:3])) == 1
        assert folds.fold[3] == folds.fold[30]
        if is_named:
            assert all((folds.fold[::2] == folds.fold[1::2]).tolist())
        assert find_leaks(whole.samples, folds, **prints()).is_clean
        assert find_leaks(whole.samples, folds, **prints(), near=whole.near).is_clean


@pytest.mark.parametrize(
    ("method", "after"), [("stratified", "stratified_group"), ("multilabel", "multilabel_group"), ("auto", "auto")]
)
def test_a_method_without_groups_gets_them(method: str, after: str, make_samples: Build) -> None:
    whole = join_duplicates(make_samples(N, labels("single")), split_method=method, **prints())
    assert whole.split_method == after


def test_splits_that_cannot_keep_groups_stay_as_they_are(make_samples: Build) -> None:
    grouped = make_samples(N, labels("single"), group=[f"g{row // 2}" for row in range(N)])
    for samples, method in [(make_samples(N, labels("single")), "random"), (grouped, "stratified")]:
        whole = join_duplicates(samples, split_method=method, **prints())
        assert whole.samples is samples
        assert (whole.joined, whole.near, whole.split_method) == (None, None, method)


def test_a_kind_that_is_accepted_is_not_joined(make_samples: Build) -> None:
    samples = make_samples(N, labels("single"))
    near_only = join_duplicates(samples, allow_leaks=["same_bytes"], **prints()).joined
    assert near_only is not None
    assert (near_only.n_files, near_only.n_near) == (0, 1)
    files_only = join_duplicates(samples, allow_leaks=["near_duplicate"], **prints()).joined
    assert files_only is not None
    assert (files_only.n_files, files_only.n_near) == (1, 0)
    assert join_duplicates(samples, allow_leaks=["same_bytes", "near_duplicate"], **prints()).joined is None


def test_without_duplicates_nothing_changes(make_samples: Build) -> None:
    samples = make_samples(N, labels("single"))
    rng = np.random.default_rng(1)
    alone = prints(sha256=np.asarray([str(row) for row in range(N)], dtype=object))
    alone["phash"][[1, 2, 30]] = ~alone["phash"][[1, 2, 30]]
    alone["thumbnails"][[1, 2, 30]] = rng.integers(0, 256, (3, 16, 16))
    whole = join_duplicates(samples, **alone)
    assert whole.samples is samples
    assert (whole.joined, whole.split_method) == (None, "auto")


def test_what_was_joined_is_said(make_samples: Build) -> None:
    joined = join_duplicates(make_samples(N, labels("single")), **prints()).joined
    assert str(joined) == (
        "1 file that exists more than once and 1 near-duplicate pair: kept on one side of every split"
        " (5 images in 2 clusters, the largest of 3)."
    )


def test_a_photo_and_its_mirror_image_are_kept_together(make_samples: Build) -> None:
    own = prints()
    own["phash"][20] = own["phash"][5] ^ np.uint64(0x5555555555555555)
    own["thumbnails"][20] = own["thumbnails"][5][:, ::-1]
    whole = join_duplicates(make_samples(N, labels("single")), **own)
    assert whole.joined is not None
    assert whole.joined.n_mirrored == 1
    assert "1 pair of a photo and its mirror image" in str(whole.joined)
    for seed in range(5):
        folds = make_folds(whole.samples, split_method=whole.split_method, split_seed=seed, folds=4)
        assert folds.fold[5] == folds.fold[20]
    accepted = join_duplicates(make_samples(N, labels("single")), allow_leaks=["near_duplicate"], **own).joined
    assert accepted is not None
    assert accepted.n_mirrored == 0
