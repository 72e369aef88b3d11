"""Precision and recall against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from podium.metrics.counts import ClassCounts
from podium.metrics.precision_recall import class_precision, class_recall, precision_macro, recall_macro
from tiny.confusion import from_confusion


def counts_of(true: list[int], decided: list[int], n_classes: int) -> ClassCounts:
    table = np.zeros((n_classes, n_classes))
    np.add.at(table, (true, decided), 1)
    return from_confusion(table)


def test_both_are_scikit_learns_with_absent_classes() -> None:
    rng = np.random.default_rng(1)
    true, decided = rng.integers(0, 3, 50).tolist(), rng.integers(1, 4, 50).tolist()
    counts = counts_of(true, decided, 5)
    fixed = {"labels": list(range(5)), "zero_division": 0}
    np.testing.assert_allclose(class_precision(counts), precision_score(true, decided, average=None, **fixed))
    np.testing.assert_allclose(class_recall(counts), recall_score(true, decided, average=None, **fixed))
    assert float(precision_macro(counts)) == pytest.approx(precision_score(true, decided, average="macro", **fixed))
    assert float(recall_macro(counts)) == pytest.approx(recall_score(true, decided, average="macro", **fixed))


def test_swapping_truth_and_decision_swaps_the_two() -> None:
    table = np.random.default_rng(2).integers(0, 5, (4, 4))
    counts, swapped = from_confusion(table), from_confusion(table.T)
    np.testing.assert_array_equal(class_precision(counts), class_recall(swapped))
    assert precision_macro(counts) == recall_macro(swapped)


def test_they_differ_where_one_class_is_said_too_often() -> None:
    counts = counts_of([0, 0, 1, 1], [0, 0, 0, 1], 2)
    np.testing.assert_allclose(class_precision(counts), [2 / 3, 1])
    np.testing.assert_allclose(class_recall(counts), [1, 1 / 2])


def test_resamples_stack_and_empty_ones_are_nan() -> None:
    counts = from_confusion(np.stack([np.eye(3), np.zeros((3, 3))]))
    np.testing.assert_array_equal(precision_macro(counts), [1, np.nan])
    np.testing.assert_array_equal(recall_macro(counts), [1, np.nan])
    assert class_precision(counts)[1].tolist() == class_recall(counts)[1].tolist() == [0, 0, 0]
