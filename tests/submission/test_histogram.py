"""Rows per class, and the warning when every row gets one answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.submission.answer import Answer
from podium.submission.histogram import count_classes, find_warnings
from podium.tables import Head

PET = Head("pet", "single", ("cat", "dog", "owl"))
TAGS = Head("tags", "multi", ("a", "b"))


def answer(head: Head, **changes: Any) -> Answer:
    values = {"class_index": None, "numbers": tuple(range(head.n_classes)), "thresholds": (0.5,) * head.n_classes}
    return Answer("y", head, "class_name", **values | changes)


def test_rows_are_counted_once_a_target_and_once_a_label() -> None:
    answers = (answer(PET), answer(TAGS, class_index=0), answer(TAGS, class_index=1))
    decided = {"pet": np.array([0, 2, 0]), "tags": np.array([[1, 1], [0, 1], [0, 0]])}
    assert count_classes(answers, decided) == {"pet": {"cat": 2, "dog": 0, "owl": 1}, "tags": {"a": 1, "b": 2}}
    assert find_warnings(answers, decided) == []


def test_one_answer_in_every_row_is_reported_by_target() -> None:
    answers = (answer(PET), answer(TAGS))
    decided = {"pet": np.array([1, 1, 1]), "tags": np.zeros((3, 2), np.int64)}
    assert find_warnings(answers, decided) == [
        "all 3 rows of 'pet' get the same answer: ['dog'].",
        "all 3 rows of 'tags' get the same answer: no class.",
    ]


def test_a_single_row_is_no_reason_to_warn() -> None:
    assert find_warnings((answer(PET),), {"pet": np.array([1])}) == []
