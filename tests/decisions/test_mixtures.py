"""Many mixtures at once score as each alone; subsets are found as by trying all."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from podium.decisions.blend_weights import best_subsets
from podium.decisions.mixtures import draw_subsets, score_mixtures
from podium.metrics import metric, score
from podium.tables import Head

CLASSES = ("a", "b", "c")
KINDS = {
    "accuracy": "single",
    "f1_macro": "single",
    "log_loss": "single",
    "quadratic_kappa": "ordinal",
    "f1_micro": "multi",
    "roc_auc_macro": "multi",
}


def draw(kind: str, n_models: int = 4, n: int = 300) -> tuple[Head, list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    head = Head("t", kind, CLASSES)  # type: ignore[arg-type]
    if head.is_multi:
        labels = rng.integers(0, 2, (n, 3))
        probs = [np.clip(0.25 + 0.5 * labels + 0.3 * rng.normal(size=(n, 3)), 0, 1) for _ in range(n_models)]
        labels[:20, 1] = -1
        return head, probs, labels
    labels = rng.integers(0, 3, n)
    scores = [np.eye(3)[labels] + rng.normal(size=(n, 3), scale=0.5 + model / 2) for model in range(n_models)]
    labels[:20] = -1
    return head, [np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in scores], labels


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_scores_as_alone(name: str, dtype: type) -> None:
    head, probs, labels = draw(KINDS[name])
    weights = np.random.default_rng(1).dirichlet(np.ones(4), 9)
    found = score_mixtures(probs, weights, labels, metric(name), head, dtype=dtype)
    known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    for own, value in zip(weights, found, strict=True):
        mixed = sum(weight * part for weight, part in zip(own, probs, strict=True))
        assert value == pytest.approx(score(metric(name), mixed[known], labels[known], head))


@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
def test_the_best_subset_is_that_of_trying_all(name: str) -> None:
    head, probs, labels = draw("single")
    known = labels >= 0
    probs, labels = [part[known] for part in probs], labels[known]
    item = metric(name)
    sign = 1 if item.greater_is_better else -1
    every = [np.array(bits) for bits in product([0, 1], repeat=4) if any(bits)]
    values = [
        sign * score(item, sum(b * p for b, p in zip(bits / bits.sum(), probs, strict=True)), labels, head)
        for bits in every
    ]
    ranked = best_subsets(probs, labels, item, head, 1000)
    assert len(ranked) == 15
    assert sign * ranked[0][0] == pytest.approx(max(values))
    assert sum(ranked[0][1]) == pytest.approx(1)
    assert [sign * value for value, _ in ranked] == sorted((sign * value for value, _ in ranked), reverse=True)


def test_subsets_differ_and_hold_each_model_alone_and_the_best_ones() -> None:
    order = list(range(40))[::-1]
    found = draw_subsets(40, 500, order)
    assert found.shape == (500, 40)
    assert len({row.tobytes() for row in found}) == 500
    assert found[:40].sum() == 40
    assert {tuple(np.flatnonzero(row)) for row in found} >= {(38, 39), (37, 38, 39), tuple(range(40))}
    assert np.array_equal(found, draw_subsets(40, 500, order))
    assert len(draw_subsets(4, 15, [0, 1, 2, 3])) == 15
