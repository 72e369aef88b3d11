"""Probabilities from logits, completed to every target, against scipy and plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from podium.predict import complete_probs, probs_from_logits
from podium.tables import Composite, Head, Predictions, Task, as_text_array

KIND, AGE = Head("kind", "single", ("a", "b", "c")), Head("age", "ordinal", ("<30", ">=30"))
TAGS = Head("tags", "multi", ("x", "y"))
TASK = Task((KIND, AGE, TAGS), Composite.from_heads({"kind": KIND.classes, "age": AGE.classes}))
EXTREMES = st.floats(-(2.0**100), 2.0**100, width=32)


@given(st.lists(st.tuples(EXTREMES, EXTREMES, EXTREMES), min_size=1, max_size=5))
def test_probabilities_of_any_logits_are_probabilities(rows: list[tuple[float, float, float]]) -> None:
    logits = np.array(rows, dtype=np.float32)
    probs = probs_from_logits({"kind": logits, "age": logits[:, :2], "tags": logits[:, 1:]}, Task(TASK.heads))
    for name, values in probs.items():
        assert values.dtype == np.float64
        assert ((values >= 0) & (values <= 1)).all()
        if name != "tags":
            np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(probs["kind"], softmax(logits.astype(np.float64), axis=1), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(probs["tags"], expit(logits[:, 1:].astype(np.float64)), rtol=1e-12, atol=1e-300)
    top = probs["kind"][np.arange(len(rows)), logits.argmax(axis=1)]
    np.testing.assert_array_equal(top, probs["kind"].max(axis=1))


@pytest.mark.parametrize("low", [-1e30, -800.0, -40.0])
def test_the_small_end_of_the_sigmoid_is_not_rounded_away(low: float) -> None:
    found = probs_from_logits({"tags": np.array([[low, -low]])}, Task((TAGS,)))["tags"][0]
    assert found[0] == pytest.approx(float(expit(low)), rel=1e-12)
    assert found[1] == 1.0


def random_probs(*heads: Head) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {head.name: rng.dirichlet(np.ones(head.n_classes), size=4) for head in heads}


def as_table(probs: dict[str, np.ndarray]) -> Predictions:
    return Predictions(TASK, as_text_array(list("abcd")), np.zeros(4, dtype=np.int64), probs)


def test_attributes_give_the_composite_by_multiplying() -> None:
    probs = random_probs(KIND, AGE) | {"tags": np.random.default_rng(1).random((4, 2))}
    full = complete_probs(probs, TASK)
    assert list(full) == ["class", "kind", "age", "tags"]
    wanted = np.einsum("nk,na->nka", probs["kind"], probs["age"]).reshape(4, 6)
    np.testing.assert_allclose(full["class"], wanted, rtol=1e-12)
    as_table(full)


def test_a_joint_head_gives_its_attributes_by_summing() -> None:
    joint = random_probs(TASK.main_target)["class"]
    full = complete_probs({"class": joint, "tags": np.zeros((4, 2))}, TASK)
    np.testing.assert_allclose(full["kind"], joint.reshape(4, 3, 2).sum(axis=2), rtol=1e-12)
    np.testing.assert_allclose(full["age"], joint.reshape(4, 3, 2).sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(full["class"], joint)
    as_table(full)


def test_what_was_trained_is_never_replaced_by_what_can_be_derived() -> None:
    probs = random_probs(TASK.main_target, KIND, AGE) | {"tags": np.zeros((4, 2))}
    full = complete_probs(probs, TASK)
    for name, values in probs.items():
        np.testing.assert_array_equal(full[name], values)


def test_a_task_without_composite_stays_as_it_is() -> None:
    probs = random_probs(KIND, AGE)
    assert complete_probs(probs, Task((KIND, AGE))).keys() == probs.keys()
