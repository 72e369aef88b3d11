"""Thresholds against scikit-learn on every possible threshold of small tables."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn import metrics as oracle

from podium.decisions.tune_thresholds import tune_thresholds
from podium.metrics import METRICS, score
from podium.tables import Head, as_certain_probs, decide

HEAD = Head("tags", "multi", ("a", "b", "c"))


def table(n: int = 14, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.uniform(size=(n, 3)) < (0.5, 0.3, 0.2)).astype(np.int64)
    labels[:2] = 1
    return np.round(np.clip(labels * 0.2 + rng.uniform(0, 0.6, (n, 3)), 0, 1), 2), labels


def value(name: str, thresholds: tuple[float, ...], probs: np.ndarray, labels: np.ndarray) -> float:
    return score(name, as_certain_probs(decide(probs, HEAD, thresholds), HEAD), labels, HEAD)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f1_macro", "label_accuracy", "f1_micro", "f1_samples", "subset_accuracy"])
def test_no_other_thresholds_are_better(name: str) -> None:
    probs, labels = table()
    found = tune_thresholds(probs, labels, METRICS[name], HEAD)
    cuts = [[*np.unique(column), 1.0] for column in probs.T]
    best = max(value(name, limits, probs, labels) for limits in product(*cuts))
    # Metrics that are no sum over classes are climbed class by class, and may stop just below the top.
    assert value(name, found, probs, labels) >= best - (1e-12 if name in ("f1_macro", "label_accuracy") else 0.03)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f1_micro", "f1_samples"])
def test_one_threshold_is_the_best_single_one(name: str) -> None:
    probs, labels = table(40)
    found = tune_thresholds(probs, labels, METRICS[name], HEAD, one=True)
    assert len(set(found)) == 1
    average = name.removeprefix("f1_")
    every = [oracle.f1_score(labels, probs >= cut, average=average, zero_division=0) for cut in np.unique(probs)]
    assert value(name, found, probs, labels) >= max(every) - (1e-12 if name == "f1_micro" else 0.01)


def test_missing_labels_and_classes_without_any_do_not_count() -> None:
    probs, labels = table(30)
    holed = labels.copy()
    holed[5:15] = -1
    kept = np.r_[0:5, 15:30]
    wanted = tune_thresholds(probs[kept], labels[kept], METRICS["f1_macro"], HEAD)
    assert tune_thresholds(probs, holed, METRICS["f1_macro"], HEAD) == wanted
    labels[:, 1] = 0
    assert tune_thresholds(probs, labels, METRICS["f1_macro"], HEAD)[1] <= 1
