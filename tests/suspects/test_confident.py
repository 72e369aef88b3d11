"""Confident learning beside cleanlab, whose formulas are the paper's, and beside a slow loop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from podium.suspects.confident import class_thresholds, confident_classes, confident_joint, label_margins


def noisy(n: int = 400, n_classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that know most labels, and labels of which a tenth are wrong."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, n_classes, n)
    logits = random.normal(size=(n, n_classes))
    logits[np.arange(n), truth] += 2.5
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(random.random(n) < 0.1, (truth + 1) % n_classes, truth)
    return probs, labels


def test_thresholds_and_classes_are_those_of_a_loop() -> None:
    probs, labels = noisy()
    probs[:, 4], labels = 0.0, np.minimum(labels, 3)
    probs /= probs.sum(axis=1, keepdims=True)
    wanted = [probs[labels == k, k].mean() for k in range(4)]
    thresholds = class_thresholds(probs, labels)
    assert thresholds[:4] == pytest.approx(wanted)
    assert thresholds[4] == np.inf
    for row, found in enumerate(confident_classes(probs, labels)):
        sure = [k for k in range(4) if probs[row, k] >= wanted[k]]
        assert found == (max(sure, key=lambda k: probs[row, k]) if sure else -1)
    assert confident_joint(probs, labels).sum() == (confident_classes(probs, labels) >= 0).sum()


def test_agrees_with_cleanlab() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed")
        from cleanlab.rank import get_normalized_margin_for_each_label
    for seed in range(3):
        probs, labels = noisy(seed=seed)
        theirs = count.compute_confident_joint(labels, probs, calibrate=False)
        mine = confident_joint(probs, labels)
        # Only where several classes reach their thresholds do both differ; cleanlab also fills an empty diagonal.
        assert np.abs(mine - theirs).sum() <= 0.01 * len(labels)
        margins, _ = label_margins(probs, labels)
        assert (1 + margins) / 2 == pytest.approx(get_normalized_margin_for_each_label(labels, probs))


def test_errors_are_in_front() -> None:
    probs, labels = noisy(2000)
    truth = probs.argmax(axis=1)
    margins, suggested = label_margins(probs, labels)
    first = np.argsort(margins)[:50]
    assert (suggested[first] == truth[first]).all()
    assert (labels[first] != truth[first]).all()


def test_the_order_of_rows_and_classes_does_not_matter() -> None:
    probs, labels = noisy()
    rows, columns = np.random.default_rng(1).permutation(len(labels)), np.array([3, 0, 4, 1, 2])
    back = np.argsort(columns)
    margins, suggested = label_margins(probs, labels)
    turned, renamed = label_margins(probs[rows][:, columns], back[labels[rows]])
    assert turned == pytest.approx(margins[rows])
    assert (columns[renamed] == suggested[rows]).all()


def test_with_ordered_classes_a_far_answer_weighs_more() -> None:
    probs = np.array([[0.2, 0.8, 0.0], [0.2, 0.0, 0.8]])
    labels = np.zeros(2, dtype=int)
    near, far = label_margins(probs, labels, is_ordinal=True)[0]
    assert (near, far) == pytest.approx((0.2 - 0.4, 0.2 - 0.8))
    assert label_margins(probs, labels)[0] == pytest.approx([-0.6, -0.6])
