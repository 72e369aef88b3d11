from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.errors import LabelError
from podium.tables import Composite, Head, Samples, Task, as_text_array, fit_to_task

MASK, TAGS = Head("mask", "single", ("worn", "wrong", "none")), Head("tags", "multi", ("red", "green", "blue"))


def samples(labels: dict[Head, Any]) -> Samples:
    """Four images with labels."""
    ids = as_text_array([f"{row}.jpg" for row in range(4)])
    columns = {head.name: np.asarray(column, np.int8 if head.is_multi else np.int64) for head, column in labels.items()}
    return Samples(Path(), ids, ids, Task(tuple(labels)) if labels else None, columns)


def test_labels_keep_their_names_under_other_numbers() -> None:
    own = samples(
        {
            Head("tags", "multi", ("blue", "red")): [[1, 0], [0, 1], [-1, 1], [0, 0]],
            Head("mask", "single", ("none", "worn")): [0, 1, -1, 0],
        }
    )
    fitted = fit_to_task(own, Task((MASK, TAGS)))
    assert fitted.task == Task((MASK, TAGS))
    assert fitted.labels["mask"].tolist() == [2, 0, -1, 2]
    assert fitted.labels["tags"].tolist() == [[0, -1, 1], [1, -1, 0], [1, -1, -1], [0, -1, 0]]


def test_the_only_head_may_have_another_name_and_other_heads_may_be_missing() -> None:
    own = samples({Head("label", "single", ("worn", "none")): [0, 1, 1, 0]})
    assert fit_to_task(own, Task((MASK,))).labels["mask"].tolist() == [0, 2, 2, 0]
    own = samples({Head("mask", "single", ("worn", "none")): [0, 1, 1, 0]})
    assert fit_to_task(own, Task((MASK, TAGS))).labels["tags"].tolist() == [[-1] * 3] * 4


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(LabelError, match="have no labels"):
        fit_to_task(samples({}), Task((MASK,)))
    with pytest.raises(LabelError, match="labels of 'mask' are missing"):
        fit_to_task(samples({TAGS: [[0] * 3] * 4}), Task((MASK, TAGS)))
    age = Head("age", "single", ("young", "old"))
    both = Task((MASK, age), Composite.from_heads({"mask": MASK.classes, "age": age.classes}))
    with pytest.raises(LabelError, match="labels of 'age' are missing"):  # the class number needs it
        fit_to_task(samples({MASK: [0] * 4}), both)
    with pytest.raises(LabelError, match="1 class of 'mask' is not among the 3 of the task: 'torn'") as refused:
        fit_to_task(samples({Head("mask", "single", ("torn", "worn")): [0, 1, 0, 1]}), Task((MASK,)))
    assert refused.value.details == ("torn",)
    with pytest.raises(LabelError, match="is multi here"):
        fit_to_task(samples({Head("mask", "multi", ("worn",)): [[1]] * 4}), Task((MASK, TAGS)))
