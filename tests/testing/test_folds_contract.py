"""Folds of `make_folds` pass the contract; divided groups, missing samples and another table are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.splits import make_folds
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Folds, Samples, as_text_array
from podium.testing import check_folds


def make_people(n: int = 60, n_people: int = 15) -> Samples:
    ids = as_text_array([f"i{row:02d}" for row in range(n)])
    return Samples(Path(), ids, ids, group=as_text_array([f"p{row % n_people:02d}" for row in range(n)]))


@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_folds_by_group_pass_in_any_order_of_rows(holdout: float) -> None:
    samples = make_people()
    folds = make_folds(samples, folds=5, split_method="group", holdout_fraction=holdout)
    check_folds(folds, samples)
    check_folds(folds, samples.take(np.arange(len(samples))[::-1].copy()))


def test_a_divided_group_is_named() -> None:
    samples = make_people()
    fold = make_folds(samples, folds=5, split_method="group").fold.copy()
    fold[0] = (fold[0] + 1) % 5
    with pytest.raises(AssertionError, match=r"groups on both sides of train and valid of fold.*p00"):
        check_folds(given(samples, fold), samples)


@pytest.mark.parametrize("place", [ALWAYS_TRAIN, HOLDOUT])
def test_images_beside_the_folds_count_too(place: int) -> None:
    samples = make_people()
    fold = make_folds(samples, folds=5, split_method="group").fold.copy()
    fold[0] = place
    with pytest.raises(AssertionError, match=r"both sides.*p00"):
        check_folds(given(samples, fold), samples)


def test_other_samples_are_told() -> None:
    samples = make_people()
    folds = make_folds(samples, folds=5, split_method="group")
    with pytest.raises(AssertionError, match=r"samples without a fold.*i59"):
        check_folds(replace(folds, ids=folds.ids[:-1], fold=folds.fold[:-1]), samples)
    with pytest.raises(AssertionError, match=r"do not exist.*i59"):
        check_folds(folds, samples.take(np.arange(59)))
    with pytest.raises(AssertionError, match=r"samples_digest"):
        check_folds(replace(folds, samples_digest="of others"), samples)
    with pytest.raises(AssertionError, match=r"more than one fold"):
        check_folds(replace(folds, ids=np.r_[folds.ids[:-1], folds.ids[:1]]), samples)


def test_one_fold_of_all_has_nothing_to_train_on() -> None:
    samples = make_people()
    with pytest.raises(AssertionError, match=r"nothing to train on"):
        check_folds(Folds(samples.ids, np.zeros(60, np.int64), 1, "mine", 0, samples.digest), samples)


def given(samples: Samples, fold: NDArray[np.int64]) -> Folds:
    return Folds(samples.ids, fold, 5, "mine", 0, samples.digest)
