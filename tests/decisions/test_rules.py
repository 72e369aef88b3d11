"""Rules of a task: thresholds by name, what has no meaning is refused, and what is saved comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from podium.decisions import Calibration, DecisionRules
from podium.errors import CorruptFileError, UnknownNameError, UsageError
from podium.tables import Composite, Head, Predictions, Task, as_text_array

TAGS, SHADES = Head("tags", "multi", ("red", "green")), Head("shades", "multi", ("red", "dark"))
KIND, AGE = Head("kind", "single", ("a", "b")), Head("age", "single", ("young", "old"))
TASK = Task((TAGS, SHADES))
JOINT = Task((KIND, AGE, TAGS), Composite.from_heads({"kind": KIND.classes, "age": AGE.classes}))


def test_thresholds_go_to_the_classes_named() -> None:
    rules = DecisionRules.of_task(TASK, {"green": 0.3, "shades=red": 0.8})
    assert rules.thresholds == {"tags": (0.5, 0.3), "shades": (0.8, 0.5)}
    assert rules.named_thresholds(TASK) == {
        "tags=red": 0.5,
        "tags=green": 0.3,
        "shades=red": 0.8,
        "shades=dark": 0.5,
    }
    assert DecisionRules.of_task(TASK, 0.2).thresholds == {"tags": (0.2, 0.2), "shades": (0.2, 0.2)}


def test_only_half_everywhere_is_the_default() -> None:
    assert DecisionRules().is_default
    assert DecisionRules.of_task(TASK, 0.5).is_default
    assert not DecisionRules.of_task(TASK, {"green": 0.4}).is_default
    assert not DecisionRules.of_task(JOINT, composite="class_first").is_default


@pytest.mark.parametrize(
    ("task", "given", "error"),
    [
        (TASK, {"thresholds": {"blue": 0.1}}, UnknownNameError),
        (TASK, {"thresholds": {"red": 0.1}}, UsageError),  # of both heads
        (TASK, {"thresholds": 1.5}, UsageError),
        (TASK, {"thresholds": float("nan")}, UsageError),
        (Task((KIND,)), {"thresholds": 0.4}, UsageError),
        (TASK, {"composite": "class_first"}, UsageError),
        (JOINT, {"composite": "both"}, UnknownNameError),
    ],
)
def test_what_has_no_meaning_is_refused(task: Task, given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        DecisionRules.of_task(task, **given)


def test_decisions_follow_the_rules() -> None:
    probs = {"tags": np.array([[0.6, 0.35]]), "kind": np.array([[0.6, 0.4]]), "age": np.array([[0.9, 0.1]])}
    probs["class"] = np.array([[0.1, 0.2, 0.6, 0.1]])
    predictions = Predictions(JOINT, as_text_array(["x"]), np.zeros(1, dtype=np.int64), probs)
    found = DecisionRules.of_task(JOINT, {"green": 0.3}, "class_first").decide(predictions)
    assert found["tags"].tolist() == [[1, 1]]
    assert (found["class"].tolist(), found["kind"].tolist(), found["age"].tolist()) == ([2], [1], [0])


def test_what_is_saved_comes_back() -> None:
    rules = DecisionRules.of_task(JOINT, {"red": 0.1}, "attributes_first")
    assert DecisionRules.from_dict(rules.to_dict(), JOINT) == rules


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"thresholds": {}, "composite": "x"},
        {"thresholds": {"tags": [0.1]}, "composite": "independent"},
        {"thresholds": {"kind": [0.1, 0.2]}, "composite": "independent"},
        {"thresholds": {"tags": [0.1, 2]}, "composite": "independent"},
        {"thresholds": {"tags": 3}, "composite": "independent"},
    ],
)
def test_other_records_are_refused(record: Any) -> None:
    with pytest.raises(CorruptFileError):
        DecisionRules.from_dict(record, JOINT)


def test_what_was_learnt_is_kept_and_judged_by_fold() -> None:
    learnt = DecisionRules(thresholds={"tags": (0.2, 0.7)}, weights={"kind": (1.0, 2.0)})
    rules = DecisionRules({"tags": (0.4, 0.6)}, weights={"kind": (1.0, 1.0)}, by_fold={0: learnt})
    assert DecisionRules.from_dict(rules.to_dict(), JOINT) == rules
    probs = {"tags": np.full((2, 2), 0.5), "kind": np.array([[0.6, 0.4]] * 2), "age": np.array([[0.9, 0.1]] * 2)}
    probs["class"] = np.array([[0.1, 0.2, 0.6, 0.1]] * 2)
    predictions = Predictions(JOINT, as_text_array(["x", "y"]), np.array([0, 1]), probs)
    assert rules.decide(predictions)["kind"].tolist() == [0, 0]
    found = rules.decide_out_of_fold(predictions)
    assert found["kind"].tolist() == [1, 0]
    assert found["tags"].tolist() == [[1, 0], [1, 0]]
    with pytest.raises(CorruptFileError, match="another task"):
        DecisionRules.from_dict(rules.to_dict(), TASK)
    with pytest.raises(UsageError, match="positive"):
        DecisionRules(weights={"kind": (0.0, 1.0)})
    with pytest.raises(UsageError, match="ascend"):
        DecisionRules(cuts={"age": (2.0, 1.0)})


def test_a_calibration_scales_what_is_decided_on_each_fold_by_its_own() -> None:
    own, other = Calibration((2.0, 2.0), (0.0, 0.0)), Calibration((1.0, 1.0), (0.0, 3.0))
    rules = DecisionRules(calibration={"kind": own}, by_fold={0: DecisionRules(calibration={"kind": other})})
    assert DecisionRules.from_dict(rules.to_dict(), JOINT) == rules
    probs = {"tags": np.full((2, 2), 0.5), "kind": np.array([[0.6, 0.4]] * 2), "age": np.array([[0.9, 0.1]] * 2)}
    probs["class"] = np.array([[0.1, 0.2, 0.6, 0.1]] * 2)
    predictions = Predictions(JOINT, as_text_array(["x", "y"]), np.array([0, 1]), probs)
    assert rules.join(predictions).probs["kind"][:, 0] == pytest.approx(0.36 / 0.52)
    nested = rules.join_out_of_fold(predictions).probs["kind"][:, 0]
    assert nested == pytest.approx([0.6 / (0.6 + 0.4 * np.exp(3)), 0.36 / 0.52])
    assert rules.decide_out_of_fold(predictions)["kind"].tolist() == [1, 0]
    with pytest.raises(CorruptFileError, match="another task"):
        DecisionRules.from_dict(rules.to_dict(), TASK)
