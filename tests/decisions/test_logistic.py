"""The regression is scikit-learn's where nothing is given to move, and moves nothing where it is not allowed to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from podium.decisions.logistic import Logistic, choose_strength, fit_logistic


def draw(n: int = 400, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)) * np.array([1, 5, 0.2, 1])
    logits = (x / np.array([1, 5, 0.2, 1])) @ rng.normal(size=(4, n_classes))
    return x, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


@pytest.mark.parametrize("strength", [0.01, 0.1])
def test_it_is_that_of_scikit_learn(strength: float) -> None:
    x, labels = draw()
    found = fit_logistic(np.zeros((len(x), 3)), x, labels, strength, is_multi=False)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=1 / (strength * len(x)), tol=1e-8, max_iter=1000).fit(z, labels)
    assert np.allclose(found.probs(np.zeros((len(x), 3)), x, is_multi=False), theirs.predict_proba(z), atol=2e-4)


def test_several_labels_are_a_regression_each_and_missing_ones_do_not_count() -> None:
    x, labels = draw()
    many = (labels[:, None] == np.arange(3)).astype(np.int64)
    many[:50, 1] = -1
    found = fit_logistic(np.zeros((len(x), 3)), x, many, 0.1, is_multi=True)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=1 / (0.1 * len(x)), tol=1e-8, max_iter=1000).fit(z[50:], many[50:, 1])
    own = found.probs(np.zeros((len(x), 3)), x, is_multi=True)[:, 1]
    assert np.allclose(own, theirs.predict_proba(z)[:, 1], atol=2e-4)


def test_infinity_leaves_the_logits_and_a_record_gives_the_same() -> None:
    x, labels = draw()
    base = np.random.default_rng(1).normal(size=(len(x), 3))
    still = fit_logistic(base, x, labels, math.inf, is_multi=False)
    softmax = np.exp(base) / np.exp(base).sum(axis=1, keepdims=True)
    assert np.allclose(still.probs(base, x, is_multi=False), softmax)
    moved = fit_logistic(base, x, labels, 0.01, is_multi=False)
    again = Logistic.from_dict(moved.to_dict())
    assert np.array_equal(again.probs(base, x, is_multi=False), moved.probs(base, x, is_multi=False))
    assert Logistic.from_dict(still.to_dict()).strength == math.inf


def test_what_knows_nothing_is_shrunk_away_and_what_knows_more_is_used() -> None:
    x, labels = draw()
    inner = np.arange(len(x)) % 4
    noise = np.random.default_rng(2).normal(size=(len(x), 20))
    good = 3.0 * np.eye(3)[labels]
    flip = np.random.default_rng(3).random(len(x)) < 0.1
    good[flip] = 3.0 * np.eye(3)[(labels[flip] + 1) % 3]
    assert choose_strength(good, noise, labels, inner, is_multi=False) >= 0.1
    assert choose_strength(np.zeros((len(x), 3)), x, labels, inner, is_multi=False) <= 0.1
    assert choose_strength(good, noise, labels, np.zeros(len(x), dtype=np.int64), is_multi=False) == math.inf
