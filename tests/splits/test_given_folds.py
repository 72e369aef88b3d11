"""Folds that the source gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

from podium.errors import LeakError, SplitError
from podium.splits import find_leaks, make_folds, require_no_leak
from podium.splits.make_folds import check_request
from podium.tables import HOLDOUT, Samples, as_text_array

Build = Callable[..., Samples]


def given(make_samples: Build, fold: Sequence[object], **more: object) -> Samples:
    """Samples with folds."""
    samples = make_samples(len(fold), {"c": np.arange(len(fold)) % 2}, **more)
    return replace(samples, fold=as_text_array([str(name) for name in fold]))


def test_rows_are_those_of_scikit_learn(make_samples: Build) -> None:
    numbers = np.array([3, -1, 7, 7, 12, 3, -1, 12])
    samples = given(make_samples, ["" if number < 0 else number for number in numbers])
    folds = make_folds(samples)
    assert (folds.method, folds.n_folds, check_request(samples)) == ("predefined", 3, 3)
    for fold, (train, valid) in enumerate(PredefinedSplit(numbers).split()):
        np.testing.assert_array_equal(folds.train_rows(fold), train)
        np.testing.assert_array_equal(folds.valid_rows(fold), valid)


def test_names_go_by_the_alphabet_and_test_rows_stay_out(make_samples: Build) -> None:
    split = ["", "", "test", "valid", "train", ""]
    folds = make_folds(given(make_samples, ["b", "a", "c", "b", "", "a"], split=split))
    assert folds.fold.tolist() == [1, 0, HOLDOUT, 1, -1, 0]
    assert folds.n_folds == 2


def test_one_fold_needs_rows_to_train_on(make_samples: Build) -> None:
    assert make_folds(given(make_samples, ["1", "", "1", ""])).n_folds == 1
    for fold in (["1", "1"], ["", ""]):
        with pytest.raises(SplitError, match="fold_column"):
            make_folds(given(make_samples, fold))
    with pytest.raises(SplitError, match="only fold '1'"):  # a held-out row is nothing to train on
        make_folds(given(make_samples, ["1", "1", "", "1"], split=["", "", "test", ""]))


def test_another_method_makes_new_folds_and_a_share_cannot_be_held_out(make_samples: Build) -> None:
    samples = given(make_samples, [0, 1] * 10)
    assert make_folds(samples, split_method="stratified", folds=4).n_folds == 4
    with pytest.raises(SplitError, match="holds out only"):
        make_folds(samples, holdout_fraction=0.2)


def test_given_folds_that_divide_a_group_leak(make_samples: Build) -> None:
    samples = given(make_samples, [0, 1, 0, 1], group=["p", "p", "q", "r"])
    with pytest.raises(LeakError):
        require_no_leak(find_leaks(samples, make_folds(samples)), allow=())
