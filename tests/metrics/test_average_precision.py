"""Average precision against scikit-learn, with weights of rows too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from podium.metrics.average_precision import average_precision_macro
from podium.tables import Head

MANY = Head("target", "multi", ("a", "b", "c"))
ONE = Head("target", "single", ("a", "b", "c"))


@pytest.mark.parametrize("seed", range(4))
def test_every_weighting_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs, labels = np.round(rng.random((40, 3)), 1), rng.integers(-1, 2, (40, 3))
    weights = rng.integers(0, 4, (5, 40)).astype(float)
    got = average_precision_macro(probs, labels, MANY, weights)
    for value, row in zip(got, weights, strict=True):
        expected = []
        for column in range(3):
            known = (labels[:, column] >= 0) & (row > 0)
            expected.append(
                average_precision_score(labels[known, column], probs[known, column], sample_weight=row[known])
            )
        assert value == pytest.approx(np.mean(expected))


def test_one_class_heads_are_judged_class_against_rest() -> None:
    rng = np.random.default_rng(8)
    probs, labels = rng.dirichlet(np.ones(3), 30), rng.integers(0, 3, 30)
    expected = average_precision_score(np.eye(3)[labels], probs, average="macro")
    assert average_precision_macro(probs, labels, ONE, np.ones((1, 30)))[0] == pytest.approx(expected)


def test_only_the_ranking_counts() -> None:
    rng = np.random.default_rng(9)
    probs, labels = rng.random((30, 3)), rng.integers(0, 2, (30, 3))
    got = average_precision_macro(probs, labels, MANY, np.ones((1, 30)))
    np.testing.assert_allclose(average_precision_macro(probs**3 / 2, labels, MANY, np.ones((1, 30))), got)


def test_a_class_without_positives_counts_0_and_no_label_at_all_is_nan() -> None:
    probs = np.array([[0.9, 0.1, 0.5], [0.2, 0.8, 0.5]])
    labels = np.array([[1, 0, -1], [0, 0, -1]])
    assert average_precision_macro(probs, labels, MANY, np.ones((1, 2)))[0] == pytest.approx(1 / 3)
    assert np.isnan(average_precision_macro(probs, np.full((2, 3), -1), MANY, np.ones((2, 2)))).all()
