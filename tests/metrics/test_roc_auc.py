"""Area under the ROC curve against scikit-learn and against counting pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from podium.metrics.roc_auc import roc_auc_macro
from podium.tables import Head

MANY = Head("target", "multi", ("a", "b", "c"))
ONE = Head("target", "single", ("a", "b", "c"))


@pytest.mark.parametrize("seed", range(4))
def test_every_weighting_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs, labels = np.round(rng.random((40, 3)), 1), rng.integers(-1, 2, (40, 3))
    weights = rng.integers(0, 4, (5, 40)).astype(float)
    got = roc_auc_macro(probs, labels, MANY, weights)
    for value, row in zip(got, weights, strict=True):
        expected = []
        for column in range(3):
            known = labels[:, column] >= 0
            expected.append(roc_auc_score(labels[known, column], probs[known, column], sample_weight=row[known]))
        assert value == pytest.approx(np.mean(expected))


def test_it_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(6)
    probs, labels = np.round(rng.random((30, 3)), 1), rng.integers(0, 3, 30)
    areas = []
    for column in range(3):
        inside, outside = probs[labels == column, column], probs[labels != column, column]
        gap = inside[:, None] - outside
        areas.append(((gap > 0) + 0.5 * (gap == 0)).mean())
    assert roc_auc_macro(probs, labels, ONE, np.ones((1, 30)))[0] == pytest.approx(np.mean(areas))


def test_the_reversed_ranking_has_the_rest_of_the_area() -> None:
    rng = np.random.default_rng(7)
    probs, labels = np.round(rng.random((30, 3)), 1), rng.integers(0, 2, (30, 3))
    both = [roc_auc_macro(p, labels, MANY, np.ones((1, 30)))[0] for p in (probs, 1 - probs)]
    assert sum(both) == pytest.approx(1)


def test_classes_of_one_label_are_left_out() -> None:
    probs = np.array([[0.9, 0.1, 0.5], [0.2, 0.8, 0.4], [0.1, 0.3, 0.2]])
    labels = np.array([[1, 0, -1], [0, 0, -1], [0, 0, -1]])
    assert roc_auc_macro(probs, labels, MANY, np.ones((1, 3)))[0] == 1
    for nothing in (np.full((3, 3), -1), np.zeros((3, 3), int), np.ones((3, 3), int)):
        assert np.isnan(roc_auc_macro(probs, nothing, MANY, np.ones((1, 3)))[0])
