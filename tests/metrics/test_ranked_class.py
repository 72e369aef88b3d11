from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from podium.metrics import rank_classes
from podium.tables import Head

Floats = NDArray[np.float64]
GRID = np.linspace(0, 1, 21)


@pytest.mark.long
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60))
def test_curves_equal_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    truth = np.array([is_positive for is_positive, _ in rows])
    if truth.all() or not truth.any():
        return
    scores = np.array([level / 8 for _, level in rows])
    labels = np.stack([truth, ~truth], axis=1).astype(np.int8)
    head = Head("h", "multi", ("a", "b"))
    for ranked, own, column in zip(
        rank_classes(np.stack([scores, scores], axis=1), labels, head), (truth, ~truth), range(2), strict=True
    ):
        assert (ranked.n_positives, ranked.n_negatives) == (own.sum(), (~own).sum()), column
        assert ranked.average_precision == pytest.approx(average_precision_score(own, scores))
        assert ranked.roc_auc == pytest.approx(roc_auc_score(own, scores))
        fpr, tpr, _ = roc_curve(own, scores, drop_intermediate=False)
        wanted = [read_curve(fpr, tpr, x) for x in GRID]
        np.testing.assert_allclose(ranked.true_positive_rate_at(GRID), wanted, atol=1e-9)
        precision, recall, _ = precision_recall_curve(own, scores)
        precision, recall = precision[-2::-1], recall[-2::-1]  # down the ranking, without the added end
        steps = [precision[(recall >= max(x, 1 / own.sum()) - 1e-9).argmax()] for x in GRID]
        np.testing.assert_allclose(ranked.precision_at(GRID), steps, atol=1e-9)


def read_curve(fpr: Floats, tpr: Floats, x: float) -> float:
    """A point of a line that may rise straight up, where it counts to its upper end."""
    last = max(place for place in range(len(fpr)) if fpr[place] <= x + 1e-12)
    if last == len(fpr) - 1:
        return float(tpr[last])
    part = (x - fpr[last]) / (fpr[last + 1] - fpr[last])
    return float(tpr[last] + max(0.0, part) * (tpr[last + 1] - tpr[last]))


def test_missing_labels_are_left_out() -> None:
    head = Head("h", "multi", ("a",))
    probs, labels = np.array([[0.9], [0.8], [0.1]]), np.array([[1], [-1], [0]], dtype=np.int8)
    (ranked,) = rank_classes(probs, labels, head)
    assert (ranked.n_positives, ranked.n_negatives, ranked.roc_auc) == (1, 1, 1.0)


def test_a_class_without_images_has_no_positives() -> None:
    head = Head("h", "single", ("a", "b", "c"))
    found = list(rank_classes(np.full((4, 3), 1 / 3), np.array([0, 0, 1, 1]), head))
    assert [item.n_positives for item in found] == [2, 2, 0]
    (nothing, *_) = rank_classes(np.full((1, 3), 1 / 3), np.array([-1]), head)
    assert (nothing.n_positives, nothing.n_negatives) == (0, 0)
