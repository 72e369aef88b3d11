"""Labels as sparse columns: the counts are those of a plain loop, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from podium.errors import SplitError, UnknownNameError
from podium.splits.strata import Strata, build_strata, choose_targets
from podium.tables import Samples

Make = Callable[..., Samples]
TAGS = np.array([[1, 0], [0, 0], [-1, 1], [-1, -1]])
PET = np.array([1, 0, -1, 1])


def columns_of(strata: Strata) -> dict[tuple[str, str], list[int]]:
    dense: Any = strata.matrix.toarray()
    return {name: np.flatnonzero(dense[:, i]).tolist() for i, name in enumerate(strata.names)}


def test_every_class_missing_label_and_empty_row_has_its_column(make_samples: Make) -> None:
    samples = make_samples(4, {"pet": PET, "tags": TAGS})
    assert samples.task is not None
    strata = build_strata(samples, samples.task.heads)
    assert columns_of(strata) == {
        ("pet", "pet0"): [1],
        ("pet", "pet1"): [0, 3],
        ("pet", "missing"): [2],
        ("tags", "tags0"): [0],
        ("tags", "tags1"): [2],
        ("tags", "none"): [1, 3],
        ("tags", "tags0 missing"): [2, 3],
        ("tags", "tags1 missing"): [3],
    }
    assert strata.is_class.tolist() == [True, True, False, True, True, False, False, False]


def test_a_class_without_samples_keeps_its_column_and_other_empty_columns_go(make_samples: Make) -> None:
    samples = make_samples(3, {"pet": [0, 2, 0]}, classes={"pet": ["cat", "dog", "owl"]})
    assert samples.task is not None
    strata = build_strata(samples, samples.task.heads)
    assert columns_of(strata) == {("pet", "cat"): [0, 2], ("pet", "dog"): [], ("pet", "owl"): [1]}


def test_a_single_label_sample_lies_in_exactly_one_column(make_samples: Make) -> None:
    labels = np.random.default_rng(0).integers(-1, 4, 200)
    samples = make_samples(200, {"pet": labels})
    assert samples.task is not None
    strata = build_strata(samples, samples.task.heads)
    assert strata.matrix.sum(axis=1).tolist() == [[1]] * 200
    assert strata.codes.tolist() == np.where(labels < 0, 4, labels).tolist()


def test_codes_are_refused_where_a_sample_lies_in_several_columns(make_samples: Make) -> None:
    samples = make_samples(4, {"tags": TAGS})
    assert samples.task is not None
    with pytest.raises(AssertionError, match="several strata"):
        _ = build_strata(samples, samples.task.heads).codes


def test_targets_are_the_main_one_or_all(make_samples: Make) -> None:
    samples = make_samples(4, {"pet": PET, "tags": TAGS, "size": [0, 1, 0, 1]}, composite="pet*2 + size")
    assert samples.task is not None
    assert samples.task.composite is not None
    composite = samples.task.composite.name
    names = {
        (target, many): [head.name for head in choose_targets(samples, target, is_multilabel=many)]
        for target, many in ((None, True), (None, False), ("size", False), (composite, False), ("tags", True))
    }
    assert names == {
        (None, True): ["pet", "tags", "size"],
        (None, False): [composite],
        ("size", False): ["size"],
        (composite, False): [composite],
        ("tags", True): ["tags"],
    }


def test_targets_that_cannot_be_balanced_are_refused_by_name(make_samples: Make) -> None:
    with pytest.raises(SplitError, match="no labels"):
        choose_targets(make_samples(3), None, is_multilabel=False)
    samples = make_samples(4, {"pet": PET, "tags": TAGS})
    with pytest.raises(SplitError, match="'tags' is multi-label"):
        choose_targets(samples, "tags", is_multilabel=False)
    with pytest.raises(UnknownNameError, match="pett"):
        choose_targets(samples, "pett", is_multilabel=False)
