"""Folds: which rows train, which judge, and which samples they belong to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from podium.errors import SplitError
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Folds, Samples, as_text_array


@pytest.fixture
def folds(samples: Samples) -> Folds:
    return Folds(samples.ids, np.array([0, 1, 0, ALWAYS_TRAIN, HOLDOUT]), 2, "stratified", 0, samples.digest)


def test_rows_of_a_fold(folds: Folds) -> None:
    assert folds.train_rows(0).tolist() == [1, 3]
    assert folds.train_rows(1).tolist() == [0, 2, 3]
    assert [folds.valid_rows(fold).tolist() for fold in (0, 1)] == [[0, 2], [1]]
    assert folds.holdout_rows.tolist() == [4]


def test_no_row_is_on_both_sides_and_no_holdout_row_on_any(folds: Folds) -> None:
    for fold in range(folds.n_folds):
        sides = [*folds.train_rows(fold), *folds.valid_rows(fold)]
        assert len(set(sides)) == len(sides)
        assert not set(sides) & set(folds.holdout_rows)


@pytest.mark.parametrize(
    ("fold", "message"),
    [
        ([0, 1, 2, 0, 0], r"must be in \[-3, 2\)"),
        ([0, 1, -4, 0, 0], "got -4"),
        ([0, 0, 0, 0, 0], r"folds \[1\] have no validation sample"),
        ([0, 1], "5 ids but 2 fold numbers"),
    ],
)
def test_wrong_fold_numbers_are_refused(samples: Samples, fold: list[int], message: str) -> None:
    with pytest.raises(SplitError, match=message):
        Folds(samples.ids, np.array(fold), 2, "given", 0, samples.digest)


def test_a_fold_that_does_not_exist_is_refused(folds: Folds) -> None:
    for fold in (-1, 2):
        with pytest.raises(SplitError, match=f"no fold {fold}"):
            folds.train_rows(fold)


def test_arrays_are_read_only(folds: Folds) -> None:
    for column in (folds.fold, folds.ids):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_the_digest_follows_ids_not_rows(folds: Folds) -> None:
    order = [3, 1, 4, 0, 2]
    shuffled = replace(folds, ids=folds.ids[order], fold=folds.fold[order])
    swapped = replace(folds, fold=folds.fold[[1, 0, 2, 3, 4]])
    assert shuffled.digest == folds.digest != swapped.digest


def test_match_puts_folds_into_the_order_of_the_samples(folds: Folds, samples: Samples) -> None:
    shuffled = samples.take([4, 3, 2, 1, 0])
    matched = folds.match(shuffled)
    assert matched.ids.tolist() == shuffled.ids.tolist()
    assert matched.fold.tolist() == folds.fold[::-1].tolist()


def test_match_says_what_changed(folds: Folds, samples: Samples) -> None:
    with pytest.raises(SplitError, match=r"another sample table: missing ids: c\.jpg\.") as caught:
        folds.match(samples.take([0, 1, 2, 3]))
    assert caught.value.details == ("missing: c.jpg",)
    regrouped = replace(samples, group=as_text_array(["p1", "p1", "p2", "p2", "p2"]))
    with pytest.raises(SplitError, match="labels or groups changed"):
        folds.match(regrouped)
