"""Mean absolute error of ordinal heads against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from podium.metrics.absolute_error import mean_absolute_error_totals
from podium.tables import Head

HEAD = Head("target", "ordinal", tuple("abcde"))


def test_it_is_scikit_learns_on_the_known_labels() -> None:
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet(np.ones(5), 60), rng.integers(-1, 5, 60)
    known = labels >= 0
    total, n = mean_absolute_error_totals(probs, labels, HEAD).sum(axis=0)
    assert n == known.sum()
    assert total / n == pytest.approx(mean_absolute_error(labels[known], probs.argmax(axis=1)[known]))


def test_steps_are_counted_in_both_directions() -> None:
    totals = mean_absolute_error_totals(np.eye(5)[[0, 4, 2, 2]], np.array([4, 0, 2, -1]), HEAD)
    assert totals.tolist() == [[4, 1], [4, 1], [0, 1], [0, 0]]


def test_small_unsigned_steps_do_not_wrap() -> None:
    totals = mean_absolute_error_totals(np.eye(5)[[0]], np.array([4], dtype=np.uint8), HEAD)
    assert totals.tolist() == [[4, 1]]


def test_reversing_the_classes_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    probs, labels = rng.dirichlet(np.ones(5), 30), rng.integers(0, 5, 30)
    mirrored = mean_absolute_error_totals(probs[:, ::-1], 4 - labels, HEAD)
    assert np.array_equal(mirrored, mean_absolute_error_totals(probs, labels, HEAD))
