from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from podium.losses import (
    balanced_class_weights,
    effective_number_class_weights,
    positive_weights,
    square_root_class_weights,
)

LABELS = st.lists(st.integers(-1, 5), min_size=1, max_size=50).filter(lambda values: max(values) >= 0)


@pytest.mark.slow
@given(LABELS)
def test_balanced_equals_scikit_learn(values: list[int]) -> None:
    labels = np.array(values)
    known = labels[labels >= 0]
    present = np.unique(known)
    got = balanced_class_weights(labels, 6)
    np.testing.assert_allclose(got[present], compute_class_weight("balanced", classes=present, y=known))
    assert (np.delete(got, present) == 1).all()


@pytest.mark.slow
@given(LABELS)
def test_balanced_classes_weigh_the_same_in_total(values: list[int]) -> None:
    labels = np.array(values)
    labels = labels[labels >= 0]
    totals = np.bincount(labels, weights=balanced_class_weights(labels, 6)[labels], minlength=6)
    np.testing.assert_allclose(totals[totals > 0], len(labels) / len(np.unique(labels)))


@pytest.mark.slow
@given(LABELS)
def test_square_roots_of_balanced_weights_have_a_mean_of_one(values: list[int]) -> None:
    labels = np.array(values)
    labels = labels[labels >= 0]
    found, present = square_root_class_weights(labels, 6), np.unique(labels)
    ratio = found[present] / np.sqrt(balanced_class_weights(labels, 6))[present]
    np.testing.assert_allclose(ratio, ratio[0])
    np.testing.assert_allclose(found[labels].mean(), 1)
    assert (np.delete(found, present) == 1).all()


def test_effective_number_lies_between_even_and_inverse() -> None:
    labels = np.repeat([0, 1, 2], [1, 10, 100])
    inverse = balanced_class_weights(labels, 3)
    np.testing.assert_allclose(effective_number_class_weights(labels, 3, beta=0.0), 1)
    near_one = effective_number_class_weights(labels, 3, beta=1 - 1e-9)
    np.testing.assert_allclose(near_one / near_one[0], inverse / inverse[0], rtol=1e-4)
    # The paper's formula, term by term.
    raw = [(1 - 0.9) / (1 - 0.9**n) for n in (1, 10, 100)]
    expected = np.array(raw) * 3 / sum(raw)
    np.testing.assert_allclose(effective_number_class_weights(labels, 3, beta=0.9), expected)


def test_positive_weights_balance_both_sides() -> None:
    marks = np.array([[1, 0, 1, 0], [0, 0, 1, -1], [0, 1, 1, 0], [0, -1, -1, 0]])
    np.testing.assert_allclose(positive_weights(marks), [3.0, 2.0, 1.0, 100.0])


@pytest.mark.parametrize("labels", [[-1, -1], [0, 6], [[0], [1]]])
def test_useless_labels_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="expected known class numbers"):
        balanced_class_weights(np.array(labels), 6)
