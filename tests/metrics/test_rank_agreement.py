from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.metrics import accuracy_score

from podium.metrics import METRICS
from podium.metrics.rank_agreement import kendall_tau, rank_agreement, resampled_scores
from podium.tables import Head, as_text_array

HEAD = Head("mask", "single", ("on", "off"))


def test_tau_is_scipys_with_ties() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (50, 6)).astype(float), rng.integers(0, 4, (50, 6)).astype(float)
    wanted = [kendalltau(x, y).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(kendall_tau(a, b), wanted, atol=1e-12)
    assert np.isnan(kendall_tau(np.ones(3), np.arange(3.0)))


def make_scores(skills: list[float], n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Recipes that are right with these probabilities."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    probs = [[np.eye(2)[np.where(rng.random(n) < skill, labels, 1 - labels)]] for skill in skills]
    keys = as_text_array([f"g{row // 2}" for row in range(n)])
    found = resampled_scores(probs, labels, keys, METRICS["accuracy"], HEAD, n_resamples=300, seed=seed)
    assert found[0].tolist() == pytest.approx([accuracy_score(labels, one[0].argmax(axis=1)) for one in probs])
    return found


def test_recipes_that_differ_keep_their_order_and_equal_ones_do_not() -> None:
    far = [0.5, 0.65, 0.8, 0.95]
    clear = rank_agreement(make_scores(far, 400, seed=0), make_scores(far, 2000, seed=1))
    assert clear.value == 1
    assert clear.low > 0.9
    like = [0.8] * 4
    unclear = rank_agreement(make_scores(like, 400, seed=0), make_scores(like, 2000, seed=1))
    assert unclear.low < 0 < unclear.high or unclear.high - unclear.low > 0.9


def test_seeds_of_a_recipe_are_averaged() -> None:
    labels, keys = np.array([0, 1, 0, 1]), as_text_array(list("abcd"))
    right, wrong = np.eye(2)[labels], np.eye(2)[1 - labels]
    values, drawn = resampled_scores([[right, wrong], [right]], labels, keys, METRICS["accuracy"], HEAD, n_resamples=20)
    assert values.tolist() == [0.5, 1.0]
    assert drawn.shape == (20, 2)
    assert (drawn == [0.5, 1.0]).all()
