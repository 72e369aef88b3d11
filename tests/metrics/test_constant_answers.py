"""The best constant answer, compared with the best of all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from podium.metrics.constant_answers import class_shares, each_class, frequent_label_set, overlapping_label_set
from podium.tables import Head

TAGS = Head("tags", "multi", ("a", "b", "c", "d"))


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of labels, how often each occurs."""
    rng = np.random.default_rng(seed)
    rows = (rng.random((40, 4)) < rng.uniform(0.1, 0.9, 4)).astype(np.int8)
    labels, counts = np.unique(rows, axis=0, return_counts=True)
    return labels, counts.astype(np.float64)


def best_of_all(labels: np.ndarray, counts: np.ndarray, metric: str) -> float:
    rows = np.repeat(labels, counts.astype(int), axis=0)
    sets = [np.tile(answer, (len(rows), 1)) for answer in product((0, 1), repeat=4)]
    if metric == "subset_accuracy":
        return max(accuracy_score(rows, answer) for answer in sets)
    return max(f1_score(rows, answer, average="samples", zero_division=0.0) for answer in sets)


@pytest.mark.parametrize("seed", range(8))
def test_the_most_frequent_set_is_the_best_of_all_sets(seed: int) -> None:
    labels, counts = draw(seed)
    rows = np.repeat(labels, counts.astype(int), axis=0)
    found = max(
        accuracy_score(rows, np.tile(answer >= 0.5, (len(rows), 1)))
        for answer in frequent_label_set(labels, counts, TAGS)
    )
    assert found == pytest.approx(best_of_all(labels, counts, "subset_accuracy"))


@pytest.mark.parametrize("seed", range(8))
def test_the_overlapping_set_is_the_best_of_all_sets(seed: int) -> None:
    labels, counts = draw(seed)
    rows = np.repeat(labels, counts.astype(int), axis=0)
    (answer,) = overlapping_label_set(labels, counts, TAGS)
    found = f1_score(rows, np.tile(answer.astype(int), (len(rows), 1)), average="samples", zero_division=0.0)
    assert found == pytest.approx(best_of_all(labels, counts, "f1_samples"))


def test_shares_are_of_the_labels_that_are_known() -> None:
    labels, counts = np.array([[1, -1, 0, 1], [0, 1, 0, -1]], dtype=np.int8), np.array([3.0, 1.0])
    (shares,) = class_shares(labels, counts, TAGS)
    np.testing.assert_allclose(shares, [0.75, 1.0, 0.0, 1.0])
    (shares,) = class_shares(np.array([0, 2]), counts, Head("h", "single", ("x", "y", "z")))
    np.testing.assert_allclose(shares, [0.75, 0.0, 0.25])


def test_each_class_is_answered_with_certainty() -> None:
    answers = each_class(np.array([0]), np.array([1.0]), Head("h", "single", ("x", "y", "z")))
    np.testing.assert_array_equal(answers, np.eye(3))
