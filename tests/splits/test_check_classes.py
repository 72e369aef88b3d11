"""Classes too rare for the folds are refused with the number of folds that they can fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from podium.errors import SplitError
from podium.splits.check_classes import check_class_counts, check_classes_left, count_class_units
from podium.splits.strata import Strata, build_strata
from podium.tables import Samples

PET = [0, 0, 0, 0, 1, 1, 1, 2, 2, -1]
GROUP = np.array([0, 0, 1, 2, 3, 3, 3, 4, 5, 6])
CLASSES = {"pet": ["cat", "dog", "owl", "yak"]}


@pytest.fixture
def strata(make_samples: Callable[..., Samples]) -> Strata:
    samples = make_samples(10, {"pet": PET}, classes=CLASSES)
    assert samples.task is not None
    return build_strata(samples, samples.task.heads)


def test_units_are_counted_as_sets_are(strata: Strata) -> None:
    wanted = [len({GROUP[i] for i, label in enumerate(PET) if label == k}) for k in (0, 1, 2, 3, -1)]
    assert count_class_units(strata, GROUP).tolist() == wanted == [3, 1, 2, 0, 1]
    assert count_class_units(strata, np.arange(10)).tolist() == [4, 3, 2, 0, 1]


def check(strata: Strata, unit: Any, n_folds: int, **changes: bool) -> None:
    options = {"is_grouped": False}
    check_class_counts(strata, unit, n_folds, **options | changes)


def test_enough_units_pass_and_missing_or_absent_classes_do_not_count(strata: Strata) -> None:
    check(strata, np.arange(10), 2)


def test_the_rarest_class_and_the_largest_number_of_folds_are_named(strata: Strata) -> None:
    with pytest.raises(SplitError) as caught:
        check(strata, np.arange(10), 4)
    assert "class 'owl' of 'pet' has 2 images, fewer than 4 folds (1 other class" in caught.value.what
    assert "folds=2" in str(caught.value.fix)
    assert caught.value.details == ("pet=owl: 2 images", "pet=dog: 3 images")


def test_a_class_in_one_group_cannot_be_divided(strata: Strata) -> None:
    with pytest.raises(SplitError) as caught:
        check(strata, GROUP, 2, is_grouped=True)
    assert "class 'dog' of 'pet' has 1 group, fewer than 2 folds." in caught.value.what
    assert "Add images" in str(caught.value.fix)


def test_a_class_that_is_held_out_whole_is_refused(strata: Strata) -> None:
    check_classes_left(strata, np.array([0, 4, 7]))
    with pytest.raises(SplitError) as caught:
        check_classes_left(strata, np.array([0, 1, 9]))
    assert "every image of class 'dog' of 'pet' is in the holdout (1 other" in caught.value.what
    assert caught.value.details == ("pet=dog", "pet=owl")
