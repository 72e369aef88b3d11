"""Counts equal scikit-learn's confusion matrices, and every way of counting agrees."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from podium.metrics import confusion_counts, count_classes
from podium.tables import Head, decide


@pytest.mark.slow
@given(st.integers(2, 6), st.integers(0, 50), st.integers(0, 2**32 - 1))
def test_confusion_equals_scikit_learn_with_the_classes_fixed(n_classes: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    head = Head("h", "single", tuple(map(str, range(n_classes))))
    labels, decisions = rng.integers(-1, n_classes, n), rng.integers(0, n_classes, n)
    confusion = confusion_counts(decisions, labels, head)
    expected = np.zeros((n_classes, n_classes), dtype=int)
    for true, decided in zip(labels, decisions, strict=True):
        expected[true, decided] += true >= 0
    np.testing.assert_array_equal(confusion, expected)
    known = labels >= 0
    if known.any():
        sklearns = oracle.confusion_matrix(labels[known], decisions[known], labels=range(n_classes))
        np.testing.assert_array_equal(confusion, sklearns)
    counts = count_classes(decisions, labels, head)
    np.testing.assert_array_equal(counts.hits, np.diag(confusion))
    np.testing.assert_array_equal(counts.actual, confusion.sum(axis=1))
    np.testing.assert_array_equal(counts.predicted, confusion.sum(axis=0))
    assert counts.n == confusion.sum()


@pytest.mark.slow
@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_label_confusion_equals_scikit_learn_class_by_class(n_classes: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    head = Head("h", "multi", tuple(map(str, range(n_classes))))
    labels, decisions = rng.integers(-1, 2, (n, n_classes)).astype(np.int8), rng.integers(0, 2, (n, n_classes))
    confusion = confusion_counts(decisions, labels, head)
    for column in range(n_classes):
        known = labels[:, column] >= 0
        if known.any():
            own = oracle.confusion_matrix(labels[known, column], decisions[known, column], labels=[0, 1])
            np.testing.assert_array_equal(confusion[column], own)
        else:
            assert confusion[column].sum() == 0
    counts = count_classes(decisions, labels, head)
    np.testing.assert_array_equal(counts.hits, confusion[:, 1, 1])
    np.testing.assert_array_equal(counts.actual, confusion[:, 1].sum(axis=1))
    np.testing.assert_array_equal(counts.predicted, confusion[:, :, 1].sum(axis=1))
    assert counts.n == confusion.sum()


def test_decisions_are_the_top_class_or_a_half() -> None:
    probs = np.array([[0.5, 0.2, 0.3], [0.1, 0.49, 0.41]])
    assert decide(probs, Head("h", "single", ("a", "b", "c"))).tolist() == [0, 1]
    assert decide(probs, Head("h", "multi", ("a", "b", "c"))).tolist() == [[1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("n_classes", [3000])
def test_many_classes_are_counted_without_a_table_of_all_pairs(n_classes: int) -> None:
    head = Head("h", "single", tuple(map(str, range(n_classes))))
    labels = np.arange(n_classes)
    counts = count_classes(np.roll(labels, 1), labels, head)
    assert counts.hits.sum() == 0
    assert counts.actual.tolist() == counts.predicted.tolist() == [1.0] * n_classes


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_small_integers_count_as_large_ones_do(kind: str) -> None:
    """100 classes times 3 are more than an int8 holds."""
    rng = np.random.default_rng(0)
    head = Head("h", kind, tuple(map(str, range(100))))  # type: ignore[arg-type]
    high, shape = (100, 300) if kind == "single" else (2, (5, 100))
    labels, decisions = rng.integers(-1, high, shape), rng.integers(0, high, shape)
    small = count_classes(decisions.astype(np.int8), labels.astype(np.int8), head)
    large = count_classes(decisions, labels, head)
    for name in ("hits", "actual", "predicted", "n"):
        np.testing.assert_array_equal(getattr(small, name), getattr(large, name))
    table = confusion_counts(decisions.astype(np.int8), labels.astype(np.int8), head)
    np.testing.assert_array_equal(table, confusion_counts(decisions, labels, head))
