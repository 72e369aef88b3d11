"""Balanced accuracy against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from podium.metrics.balanced_accuracy import balanced_accuracy
from podium.metrics.counts import count_classes
from podium.tables import Head
from tiny.confusion import from_confusion

HEAD = Head("target", "single", tuple("abcd"))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_scikit_learns_on_the_known_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 4, 60)
    decisions = np.where(rng.random(60) < 0.5, np.maximum(labels, 0), rng.integers(0, 4, 60))
    known = labels >= 0
    expected = balanced_accuracy_score(labels[known], decisions[known])
    assert float(balanced_accuracy(count_classes(decisions, labels, HEAD))) == pytest.approx(expected)


def test_a_class_without_samples_is_left_out_even_when_it_is_predicted() -> None:
    table = np.array([[3, 1, 0], [1, 1, 2], [0, 0, 0]])
    assert float(balanced_accuracy(from_confusion(table))) == pytest.approx((3 / 4 + 1 / 4) / 2)


def test_how_common_a_class_is_does_not_matter() -> None:
    table = np.random.default_rng(5).integers(1, 9, (3, 3))
    tables = np.stack([table, table * np.array([[1], [10], [100]])])
    got = balanced_accuracy(from_confusion(tables))
    assert got[0] == pytest.approx(got[1])


def test_without_samples_it_is_nan() -> None:
    assert np.isnan(balanced_accuracy(from_confusion(np.zeros((3, 3)))))
