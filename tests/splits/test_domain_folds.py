"""Leave-one-domain-out: a fold a domain, or whole domains packed into folds; the others train everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.errors import SplitError, UsageError
from podium.splits import fold_by_domain, make_folds
from podium.splits.take_latest import take_latest
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Head, Samples, Task, as_text_array


def make(n: int = 60, n_domains: int = 6) -> Samples:
    ids = as_text_array([f"{row:03d}.jpg" for row in range(n)])
    domain = as_text_array([f"site {row % n_domains}" for row in range(n)])
    labels = {"label": np.arange(n) // n_domains % 2}
    return Samples(Path(), ids, ids, Task((Head("label", "single", ("a", "b")),)), labels, domain=domain)


@pytest.mark.parametrize("n_folds", [None, 6, 3, 2])
def test_no_domain_is_divided(n_folds: int | None) -> None:
    samples = fold_by_domain(make(), n_folds)
    folds = make_folds(samples)
    assert folds.n_folds == (n_folds or 6)
    for fold in range(folds.n_folds):
        valid = set(samples.domain[folds.valid_rows(fold)])  # type: ignore[index]
        assert not valid & set(samples.domain[folds.train_rows(fold)])  # type: ignore[index]
    sizes = np.bincount(folds.fold)
    assert sizes.max() == sizes.min()


def test_no_domain_trains_everywhere_and_test_rows_stay_the_holdout() -> None:
    plain = make()
    domain = plain.domain.copy()  # type: ignore[union-attr]
    domain[:5] = ""
    split = as_text_array(["test" if row in (7, 8) else "" for row in range(len(plain))])
    folds = make_folds(fold_by_domain(replace(plain, domain=domain, split=split), None))
    assert (folds.fold[:5] == ALWAYS_TRAIN).all()
    assert (folds.fold[[7, 8]] == HOLDOUT).all()


def test_many_domains_make_five_folds_and_too_many_folds_are_refused() -> None:
    assert make_folds(fold_by_domain(make(66, 11), None)).n_folds == 5
    with pytest.raises(UsageError, match="6 domains"):
        fold_by_domain(make(), 7)


def test_the_holdout_are_the_latest_images_and_groups_stay_whole() -> None:
    rng = np.random.default_rng(0)
    samples = replace(make(), domain=None, time=rng.permutation(60).astype(float))
    folds = make_folds(samples, folds=2, holdout_fraction=0.2)
    held = folds.holdout_rows
    assert len(held) == 12
    assert samples.time[held].min() > np.delete(samples.time, held).max()  # type: ignore[index]
    group = as_text_array([f"g{row // 4}" for row in range(60)])
    whole = make_folds(replace(samples, group=group), folds=2, holdout_fraction=0.2)
    held = whole.holdout_rows
    assert not set(group[held]) & set(np.delete(group, held))
    latest = {name: max(samples.time[group == name]) for name in group}  # type: ignore[index]
    assert min(latest[name] for name in group[held]) > max(latest[name] for name in np.delete(group, held))


def test_equal_times_stay_together_and_unknown_ones_are_not_held_out() -> None:
    time = np.array([2020.0, 2021, 2021, 2022, 2022, np.nan])
    assert take_latest(time, np.arange(6), 0.2).tolist() == [False, False, False, True, True, False]
    with pytest.raises(SplitError, match="no image is later"):
        take_latest(np.full(4, 3.0), np.arange(4), 0.2)
