"""Class weights against a grid of weights, judged by scikit-learn."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn import metrics as oracle

from podium.decisions.tune_weights import tune_weights
from podium.metrics import METRICS
from podium.tables import Head, decide

HEAD = Head("kind", "single", ("a", "b", "c"))


def table(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, n, p=(0.8, 0.15, 0.05))
    logits = rng.normal(size=(n, 3)) + 1.2 * np.eye(3)[labels] + (1.5, 0, 0)
    probs = np.exp(logits)
    return probs / probs.sum(axis=1, keepdims=True), labels


@pytest.mark.long
@pytest.mark.parametrize("name", ["f1_macro", "balanced_accuracy"])
def test_no_weights_of_a_grid_are_much_better(name: str) -> None:
    probs, labels = table(300, 1)

    def value(weights: tuple[float, ...]) -> float:
        decided = decide(probs, HEAD, weights=weights)
        if name == "f1_macro":
            return float(oracle.f1_score(labels, decided, average="macro", zero_division=0))
        return float(oracle.balanced_accuracy_score(labels, decided))

    found = tune_weights(probs, labels, METRICS[name], HEAD)
    grid = np.geomspace(0.1, 20, 24)
    assert value(found) >= max(value((1.0, *pair)) for pair in product(grid, grid)) - 0.015
    assert value(found) > value((1, 1, 1)) + 0.05
    assert np.log(found).mean() == pytest.approx(0)


def test_weights_do_not_depend_on_the_order_of_the_images() -> None:
    probs, labels = table(200, 2)
    order = np.random.default_rng(0).permutation(200)
    wanted = tune_weights(probs, labels, METRICS["f1_macro"], HEAD)
    assert tune_weights(probs[order], labels[order], METRICS["f1_macro"], HEAD) == pytest.approx(wanted)
