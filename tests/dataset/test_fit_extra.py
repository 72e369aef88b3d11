from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.dataset.fit_extra import fit_extra
from podium.errors import UnknownNameError
from podium.tables import Head, Samples, Task, as_text_array

IDS = as_text_array(["1", "2", "3"])


@pytest.mark.parametrize("classes", [("Cat", "cat"), ("cat", "Cat")])
def test_two_spellings_of_a_label_count_where_either_does(classes: tuple[str, str]) -> None:
    extra = Task((Head("tags", "multi", classes),))
    labels = {"tags": np.array([[1, 0], [0, 1], [0, 0]], dtype=np.int8)}
    soft = {"tags": np.array([[0.9, 0.2], [0.1, 0.8], [0.0, -1.0]])}
    samples = Samples(Path(), IDS, IDS, extra, labels, soft=soft)
    found, _ = fit_extra(samples, Task((Head("tags", "multi", ("cat", "dog")),)), "web", ())
    assert found.labels["tags"].tolist() == [[1, -1], [1, -1], [0, -1]]
    assert found.soft["tags"].tolist() == [[0.9, -1], [0.8, -1], [0.0, -1]]


def test_shares_of_two_spellings_of_a_class_are_added() -> None:
    extra = Task((Head("pet", "single", ("Cat", "cat", "dog")),))
    soft = {"pet": np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0], [-1.0, -1.0, -1.0]])}
    samples = Samples(Path(), IDS, IDS, extra, {"pet": np.array([0, 2, -1])}, soft=soft)
    found, _ = fit_extra(samples, Task((Head("pet", "single", ("dog", "cat")),)), "web", ())
    assert found.soft["pet"].tolist() == [[0.25, 0.75], [1.0, 0.0]]


def test_classes_to_leave_out_are_those_of_the_extra_data() -> None:
    extra = Task((Head("pet", "single", ("Cat", "dog")),))
    samples = Samples(Path(), IDS, IDS, extra, {"pet": np.array([0, 1, 1])})
    task = Task((Head("pet", "single", ("cat", "dog")),))
    assert len(fit_extra(samples, task, "web", ["Cat", "*"])[0]) == 2
    with pytest.raises(UnknownNameError, match=r"unknown class 'cat'\. Did you mean 'Cat'"):
        fit_extra(samples, task, "web", ["cat"])
