from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from podium.bundle.comparison import compare_predictions
from podium.decisions import DecisionRules
from podium.errors import DataError, SourceError
from podium.tables import Head, Predictions, Task, as_text_array

TASK = Task((Head("mask", "single", ("worn", "none")),))
FIRST = np.array([0.9, 0.50005, 0.2])


def make(first: np.ndarray) -> Predictions:
    probs = {"mask": np.column_stack([first, 1 - first])}
    return Predictions(TASK, as_text_array(["a", "b", "c"]), np.full(3, -1), probs)


def test_the_same_in_another_order_has_the_same_bits() -> None:
    wanted = make(FIRST)
    found = compare_predictions(wanted.take(np.array([2, 0, 1])), wanted, DecisionRules(), 1e-4)
    assert (found.has_same_bits, found.largest, found.n_other, found.is_within) == (True, 0.0, 0, True)


def test_a_close_call_may_turn_and_another_may_not() -> None:
    turned = compare_predictions(make(FIRST - np.array([0, 8e-5, 0])), make(FIRST), DecisionRules(), 1e-4)
    assert (turned.n_other, turned.n_far, turned.is_within, turned.worst) == (1, 0, True, "b")
    far = compare_predictions(make(FIRST - np.array([0.6, 0, 0])), make(FIRST), DecisionRules(), 1e-4)
    assert (far.n_far, far.first_far, far.is_within) == (1, "a", False)


def test_a_probability_beyond_the_tolerance_is_told_though_no_answer_turns() -> None:
    found = compare_predictions(make(FIRST + np.array([0, 0, 2e-3])), make(FIRST), DecisionRules(), 1e-4)
    assert (found.worst, found.n_other, found.is_within) == ("c", 0, False)
    assert found.largest == pytest.approx(2e-3)


def test_other_images_and_other_tasks_are_refused() -> None:
    wanted = make(FIRST)
    with pytest.raises(SourceError):
        compare_predictions(replace(wanted, ids=as_text_array(["a", "b", "d"])), wanted, DecisionRules(), 1e-4)
    with pytest.raises(DataError, match="another task"):
        compare_predictions(
            replace(wanted, task=Task((Head("mask", "single", ("x", "y")),))), wanted, DecisionRules(), 1
        )
