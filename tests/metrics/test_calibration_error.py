"""Expected calibration error against a slow loop over bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.metrics.calibration_error import calibration_error_from_totals, calibration_error_totals
from podium.tables import Head

Array = NDArray[Any]


def _head(kind: str, n_classes: int) -> Head:
    return Head("target", kind, tuple(f"c{i}" for i in range(n_classes)))  # type: ignore[arg-type]


def _error(probs: Array, labels: Array, head: Head, **options: int) -> float:
    return float(calibration_error_from_totals(calibration_error_totals(probs, labels, head, **options).sum(axis=0)))


def _slow_calibration_error(confidence: Array, is_right: Array, n_bins: int = 15) -> float:
    error = 0.0
    for place in range(n_bins):
        inside = (confidence > place / n_bins) & (confidence <= (place + 1) / n_bins)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - is_right[inside].mean())
    return error


@pytest.mark.parametrize("n_bins", [1, 7, 15])
def test_it_equals_a_slow_loop_over_bins(n_bins: int) -> None:
    rng = np.random.default_rng(3)
    probs, y = rng.dirichlet(np.ones(4), 500), rng.integers(0, 4, 500)
    slow = _slow_calibration_error(probs.max(axis=1), probs.argmax(axis=1) == y, n_bins)
    assert _error(probs, y, _head("single", 4), n_bins=n_bins) == pytest.approx(slow, abs=1e-12)
    many, truth = rng.random((200, 3)), rng.integers(0, 2, (200, 3))
    slow = _slow_calibration_error(np.maximum(many, 1 - many).ravel(), ((many >= 0.5) == truth).ravel(), n_bins)
    assert _error(many, truth, _head("multi", 3), n_bins=n_bins) == pytest.approx(slow, abs=1e-12)


def test_fifteen_bins_unless_asked_otherwise() -> None:
    assert calibration_error_totals(np.full((2, 3), 1 / 3), np.zeros(2, int), _head("single", 3)).shape == (2, 16)


def test_bins_are_open_on_the_left() -> None:
    totals = calibration_error_totals(
        np.array([[0.5, 0.5], [0.4, 0.6]]), np.zeros(2, int), _head("single", 2), n_bins=2
    )
    np.testing.assert_allclose(totals, [[-0.5, 0, 1], [0, 0.6, 1]])


def test_confidence_that_keeps_its_word_has_no_error_and_sure_mistakes_have_1() -> None:
    probs = np.tile([0.75, 0.25], (8, 1))
    assert _error(probs, np.array([0, 0, 0, 1] * 2), _head("single", 2)) == pytest.approx(0)
    assert _error(np.tile([1.0, 0.0], (5, 1)), np.ones(5, int), _head("single", 2)) == 1


def test_missing_labels_count_nowhere() -> None:
    rng = np.random.default_rng(4)
    probs, labels = rng.random((40, 3)), rng.integers(-1, 2, (40, 3))
    known = labels >= 0
    slow = _slow_calibration_error(np.maximum(probs, 1 - probs)[known], ((probs >= 0.5) == labels)[known])
    assert _error(probs, labels, _head("multi", 3)) == pytest.approx(slow, abs=1e-12)
    assert np.isnan(_error(probs, np.full((40, 3), -1), _head("multi", 3)))
