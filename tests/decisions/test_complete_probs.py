"""Probabilities completed to every target, against plain sums and products."""

from __future__ import annotations

import numpy as np

from podium.decisions import complete_probs
from podium.tables import Composite, Head, Predictions, Task, as_text_array

KIND, AGE = Head("kind", "single", ("a", "b", "c")), Head("age", "ordinal", ("<30", ">=30"))
TAGS = Head("tags", "multi", ("x", "y"))
TASK = Task((KIND, AGE, TAGS), Composite.from_heads({"kind": KIND.classes, "age": AGE.classes}))


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
