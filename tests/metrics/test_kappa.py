"""Cohen's kappa, plain and quadratic, against scikit-learn and against its table of expected pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from podium.metrics.counts import count_classes
from podium.metrics.kappa import cohen_kappa, quadratic_kappa_from_totals, quadratic_kappa_totals
from podium.tables import Head

HEAD = Head("target", "ordinal", tuple("abcde"))


def quadratic(decisions: NDArray[Any], labels: NDArray[Any]) -> float:
    totals = quadratic_kappa_totals(np.eye(5)[decisions], labels, HEAD)
    return float(quadratic_kappa_from_totals(totals.sum(axis=0)))


def plain(decisions: NDArray[Any], labels: NDArray[Any]) -> float:
    return float(cohen_kappa(count_classes(decisions, labels, HEAD)))


@pytest.mark.parametrize("seed", range(5))
def test_both_are_scikit_learns_on_the_known_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 4, 70)
    decisions = np.clip(labels + rng.integers(-1, 2, 70), 0, 4)
    known = labels >= 0
    assert plain(decisions, labels) == pytest.approx(cohen_kappa_score(labels[known], decisions[known]))
    expected = cohen_kappa_score(labels[known], decisions[known], weights="quadratic", labels=range(5))
    assert quadratic(decisions, labels) == pytest.approx(expected)


def test_perfect_is_1_chance_is_0_and_reversal_is_minus_1() -> None:
    labels = np.tile(np.arange(5), 5)
    chance = np.repeat(np.arange(5), 5)
    for kappa in (plain, quadratic):
        assert kappa(labels, labels) == pytest.approx(1)
        assert kappa(chance, labels) == pytest.approx(0)
    assert quadratic(4 - labels, labels) == pytest.approx(-1)


def test_truth_and_decision_may_change_places_and_classes_may_shift() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 4, 40), rng.integers(0, 4, 40)
    for kappa in (plain, quadratic):
        assert kappa(a, b) == pytest.approx(kappa(b, a))
        assert kappa(a + 1, b + 1) == pytest.approx(kappa(a, b))


def test_only_the_quadratic_one_forgives_near_misses() -> None:
    labels = np.array([0, 0, 2, 2, 4, 4])
    near, far = labels.copy(), labels.copy()
    near[0], far[0] = 2, 4
    assert plain(near, labels) == pytest.approx(plain(far, labels))
    assert quadratic(near, labels) > quadratic(far, labels) + 0.1


@pytest.mark.parametrize("labels", [[2, 2, 2], [-1, -1, -1]])
def test_one_class_everywhere_or_no_label_is_nan(labels: list[int]) -> None:
    decisions = np.array([2, 2, 2])
    assert np.isnan(plain(decisions, np.array(labels)))
    assert np.isnan(quadratic(decisions, np.array(labels)))
