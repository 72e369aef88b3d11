"""Top-k accuracy against scikit-learn and against sorting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from podium.metrics.top_k import top_k_accuracy_totals
from podium.tables import Head

HEAD = Head("target", "single", tuple("abcdef"))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_it_is_scikit_learns_with_ties(k: int) -> None:
    rng = np.random.default_rng(k)
    probs, labels = np.round(rng.dirichlet(np.ones(6), 80), 1), rng.integers(0, 6, 80)
    totals = top_k_accuracy_totals(probs, labels, HEAD, k=k).sum(axis=0)
    assert totals[1] == 80
    assert totals[0] / totals[1] == pytest.approx(top_k_accuracy_score(labels, probs, k=k, labels=range(6)))


def test_of_equal_probabilities_the_later_class_is_first() -> None:
    probs = np.full((6, 6), 1 / 6)
    got = top_k_accuracy_totals(probs, np.arange(6), HEAD, k=2)
    assert got[:, 0].tolist() == [0, 0, 0, 0, 1, 1]


def test_it_grows_with_k_up_to_every_sample() -> None:
    rng = np.random.default_rng(9)
    probs, labels = rng.dirichlet(np.ones(6), 40), rng.integers(0, 6, 40)
    hits = [top_k_accuracy_totals(probs, labels, HEAD, k=k)[:, 0] for k in range(1, 7)]
    assert all((more >= fewer).all() for fewer, more in pairwise(hits))
    assert hits[-1].all()
    assert not hits[0].all()


def test_missing_labels_count_nowhere() -> None:
    probs = np.array([[0.6, 0.2, 0.1, 0.1, 0, 0]] * 2)
    assert top_k_accuracy_totals(probs, np.array([-1, 0]), HEAD, k=6).tolist() == [[0, 0], [1, 1]]
    assert top_k_accuracy_totals(np.zeros((0, 6)), np.zeros(0, int), HEAD, k=2).shape == (0, 2)
