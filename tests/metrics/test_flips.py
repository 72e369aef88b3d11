"""Answers that only one of two runs has right."""

from __future__ import annotations

import numpy as np

from podium.metrics.flips import find_flips
from podium.tables import Head, as_text_array

IDS = as_text_array(["a", "b", "c", "d"])


def test_single_labels() -> None:
    head = Head("h", "single", ("cat", "dog"))
    before = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.9, 0.1]])
    after = np.array([[0.3, 0.7], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
    found = find_flips(IDS, before, after, np.array([0, 0, 1, -1]), head)
    assert [(one.image, one.before, one.after, one.became_right) for one in found] == [
        ("a", "cat", "dog", False),
        ("b", "dog", "cat", True),
    ]
    assert found[0].cells() == ["a", "h", "cat", "cat", "dog", "0.9000", "0.3000", "wrong"]


def test_several_labels_are_judged_one_by_one() -> None:
    head = Head("tags", "multi", ("red", "big"))
    before = np.array([[0.9, 0.9], [0.2, 0.1], [0.5, 0.5], [0.0, 0.0]])
    after = np.array([[0.9, 0.2], [0.2, 0.7], [0.5, 0.5], [1.0, 1.0]])
    labels = np.array([[1, 0], [0, 1], [1, 1], [-1, -1]])
    found = find_flips(IDS, before, after, labels, head)
    assert [(one.image, one.label, one.before, one.after) for one in found] == [
        ("a", "not big", "big", "not big"),
        ("b", "big", "not big", "big"),
    ]
    assert found[0].prob_before == 1 - 0.9
