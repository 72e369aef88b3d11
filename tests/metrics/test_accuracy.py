"""The three accuracies against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from podium.metrics.accuracy import accuracy, label_accuracy, subset_accuracy_totals
from podium.metrics.counts import count_classes
from podium.tables import Head
from tiny.confusion import from_confusion, from_label_confusion

ONE = Head("target", "single", ("a", "b", "c"))
MANY = Head("target", "multi", ("a", "b", "c"))


def test_accuracy_is_scikit_learns_on_the_known_labels() -> None:
    rng = np.random.default_rng(0)
    labels, decisions = rng.integers(-1, 3, 60), rng.integers(0, 3, 60)
    known = labels >= 0
    expected = accuracy_score(labels[known], decisions[known])
    assert float(accuracy(count_classes(decisions, labels, ONE))) == pytest.approx(expected)


def test_label_accuracy_counts_cells() -> None:
    rng = np.random.default_rng(1)
    labels, decisions = rng.integers(-1, 2, (40, 3)), rng.integers(0, 2, (40, 3))
    known = labels >= 0
    expected = (labels == decisions)[known].mean()
    assert float(label_accuracy(count_classes(decisions, labels, MANY))) == pytest.approx(expected)


def test_saying_0_everywhere_scores_the_share_of_zeros() -> None:
    labels = np.array([[0, 0, 1], [0, 0, 0], [0, 1, 0]])
    assert float(label_accuracy(count_classes(np.zeros_like(labels), labels, MANY))) == pytest.approx(7 / 9)


def test_a_set_is_right_when_all_its_known_labels_are() -> None:
    probs = np.array([[0.9, 0.1, 0.2], [0.9, 0.1, 0.9], [0.9, 0.1, 0.9], [0.5, 0.5, 0.5]])
    labels = np.array([[1, 0, 0], [1, 0, 0], [1, 0, -1], [-1, -1, -1]])
    assert subset_accuracy_totals(probs, labels, MANY).tolist() == [[1, 1], [0, 1], [1, 1], [0, 0]]


def test_resamples_stack_and_empty_ones_are_nan() -> None:
    tables = np.stack([np.eye(3), np.zeros((3, 3)), np.ones((3, 3))])
    np.testing.assert_allclose(accuracy(from_confusion(tables)), [1, np.nan, 1 / 3])
    cells = np.stack([np.zeros((3, 2, 2)), np.ones((3, 2, 2))])
    np.testing.assert_allclose(label_accuracy(from_label_confusion(cells)), [np.nan, 0.5])
