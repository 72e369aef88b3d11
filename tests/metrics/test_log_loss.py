"""Log loss against scikit-learn and against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from podium.metrics.log_loss import log_loss_totals
from podium.tables import Head

ONE = Head("target", "single", ("a", "b", "c"))
MANY = Head("target", "multi", ("a", "b", "c"))


def test_it_is_scikit_learns_mean() -> None:
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    total, n = log_loss_totals(probs, labels, ONE).sum(axis=0)
    assert total / n == pytest.approx(log_loss(labels, probs, labels=range(3)))


def test_each_label_of_a_multi_label_head_is_0_against_1() -> None:
    probs = np.array([[0.9, 0.2, 0.4], [0.3, 0.6, 0.5]])
    labels = np.array([[1, 0, -1], [-1, -1, -1]])
    np.testing.assert_allclose(
        log_loss_totals(probs, labels, MANY), [[-math.log(0.9) - math.log(0.8), 2], [0, 0]], atol=1e-15
    )


def test_a_sure_mistake_is_finite_and_a_sure_hit_is_free() -> None:
    probs = np.array([[1.0, 0, 0], [1.0, 0, 0]])
    totals = log_loss_totals(probs, np.array([1, 0]), ONE)
    np.testing.assert_allclose(totals[:, 0], [-math.log(np.finfo(float).eps), 0], atol=1e-12)
    assert np.isfinite(log_loss_totals(np.ones((1, 3)), np.zeros((1, 3), int), MANY)).all()


def test_float32_probabilities_are_clipped_in_float64() -> None:
    probs = np.array([[1.0, 0, 0]], dtype=np.float32)
    assert log_loss_totals(probs, np.array([2]), ONE)[0, 0] == pytest.approx(36.04, abs=0.01)


def test_missing_labels_cost_nothing() -> None:
    assert log_loss_totals(np.array([[0.0, 0.5, 0.5]]), np.array([-1]), ONE).tolist() == [[0, 0]]
    assert log_loss_totals(np.zeros((0, 3)), np.zeros(0, int), ONE).shape == (0, 2)
