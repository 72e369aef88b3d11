"""Brier score against scikit-learn and against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from podium.metrics.brier import brier_totals
from podium.tables import Head


def _head(kind: str, n_classes: int) -> Head:
    return Head("target", kind, tuple(f"c{i}" for i in range(n_classes)))  # type: ignore[arg-type]


def test_of_two_classes_it_is_that_of_one_probability() -> None:
    y, p = np.array([0, 1, 1, 0]), np.array([0.1, 0.6, 0.4, 0.9])
    total, n = brier_totals(np.stack([1 - p, p], axis=1), y, _head("single", 2)).sum(axis=0)
    assert total / n == pytest.approx(brier_score_loss(y, p))


def test_of_more_classes_it_is_the_squared_distance_from_the_truth() -> None:
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet(np.ones(4), 30), rng.integers(0, 4, 30)
    totals = brier_totals(probs, labels, _head("single", 4))
    np.testing.assert_allclose(totals[:, 0], ((probs - np.eye(4)[labels]) ** 2).sum(axis=1))
    assert totals[:, 1].tolist() == [1] * 30
    assert ((totals[:, 0] >= 0) & (totals[:, 0] <= 2)).all()


def test_bounds_are_reached() -> None:
    totals = brier_totals(np.array([[1.0, 0, 0], [1.0, 0, 0]]), np.array([0, 2]), _head("ordinal", 3))
    assert totals[:, 0].tolist() == [0, 2]
    assert brier_totals(np.array([[1.0, 0]]), np.array([1]), _head("single", 2))[0, 0] == 1


def test_of_a_multi_label_head_it_is_over_the_known_cells() -> None:
    probs = np.array([[0.9, 0.2, 0.4], [0.3, 0.6, 0.5]])
    labels = np.array([[1, 0, -1], [-1, -1, -1]], dtype=np.int8)
    np.testing.assert_allclose(brier_totals(probs, labels, _head("multi", 3)), [[0.01 + 0.04, 2], [0, 0]])


def test_missing_labels_count_nowhere() -> None:
    assert brier_totals(np.array([[0.2, 0.5, 0.3]]), np.array([-1]), _head("single", 3)).tolist() == [[0, 0]]
