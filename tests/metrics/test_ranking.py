"""Running counts down a ranking against counting above each threshold."""

from __future__ import annotations

import numpy as np
import pytest

from podium.metrics.ranking import ranked_counts
from podium.tables import Head


@pytest.mark.parametrize("kind", ["single", "multi"])
@pytest.mark.parametrize("seed", range(4))
def test_steps_are_the_counts_above_the_thresholds(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    head = Head("target", kind, ("a", "b", "c"))  # type: ignore[arg-type]
    probs = np.round(rng.random((30, 3)), 1)  # many ties
    labels = rng.integers(-1, 2, (30, 3)) if kind == "multi" else rng.integers(-1, 3, 30)
    weights = rng.integers(0, 3, (4, 30)).astype(float)
    for column, (positives, negatives) in enumerate(ranked_counts(probs, labels, head, weights)):
        own = labels[:, column] if kind == "multi" else labels
        known, is_positive = own >= 0, own == (1 if kind == "multi" else column)
        slow_positives, slow_negatives = [], []
        for threshold in sorted(set(probs[known, column]), reverse=True):
            above = known & (probs[:, column] >= threshold)
            slow_positives.append((weights * (above & is_positive)).sum(axis=1))
            slow_negatives.append((weights * (above & ~is_positive)).sum(axis=1))
        # Steps may be fewer than thresholds, but each is one of them, and every gain of positives is a step of its own.
        slow = np.stack([slow_positives, slow_negatives], axis=-1)  # (thresholds, B, 2)
        ours = np.stack([positives.T, negatives.T], axis=-1)
        assert np.array_equal(ours[-1], slow[-1])
        assert all(any(np.array_equal(step, one) for one in slow) for step in ours)
        gains = np.flatnonzero((np.diff(slow[..., 0], axis=0, prepend=0) > 0).any(axis=1))
        assert all(any(np.array_equal(slow[place], step) for step in ours) for place in gains)


def test_runs_without_a_positive_are_one_step() -> None:
    head = Head("target", "multi", ("a",))
    probs = np.array([[0.9], [0.8], [0.7], [0.6], [0.5]])
    labels = np.array([[0], [0], [1], [0], [0]])
    ((positives, negatives),) = ranked_counts(probs, labels, head, np.ones((1, 5)))
    assert positives.tolist() == [[0, 1, 1]]
    assert negatives.tolist() == [[2, 2, 4]]


def test_a_class_without_known_labels_has_no_steps() -> None:
    head = Head("target", "multi", ("a", "b"))
    labels = np.array([[-1, 1], [-1, 0]])
    first, second = ranked_counts(np.full((2, 2), 0.5), labels, head, np.ones((3, 2)))
    assert first[0].shape == first[1].shape == (3, 0)
    assert second[0].tolist() == second[1].tolist() == [[1.0]] * 3
