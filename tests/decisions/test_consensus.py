from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit, softmax

from podium.decisions import DecisionRules, check_consensus, complete_probs, pool_groups
from podium.errors import UnknownNameError, UsageError
from podium.tables import Composite, Head, Predictions, Task, as_text_array

AGE, MASK = Head("age", "ordinal", ("<30", "30-59", ">=60")), Head("mask", "single", ("on", "off"))
TAGS = Head("tags", "multi", ("hat", "beard"))
TASK = Task((MASK, AGE, TAGS), Composite.from_heads({"mask": MASK.classes, "age": AGE.classes}))
N = 12
GROUP = [f"p{row // 3}" if row < 9 else "" for row in range(N)]


def make_predictions(*, seed: int = 0, group: list[str] | None = GROUP) -> Predictions:
    rng = np.random.default_rng(seed)
    probs: dict[str, NDArray[np.float64]] = {
        head.name: softmax(rng.normal(size=(N, head.n_classes)), axis=1) for head in (MASK, AGE)
    }
    probs["tags"] = expit(rng.normal(size=(N, 2)))
    ids = as_text_array([f"{row}.png" for row in range(N)])
    fold = np.array([row // 3 % 2 for row in range(N)])
    return Predictions(
        TASK, ids, fold, complete_probs(probs, TASK), group=None if group is None else as_text_array(group)
    )


def test_is_the_geometric_mean_of_a_group_by_a_slow_loop() -> None:
    given = make_predictions()
    found = pool_groups(given, ["age", "tags"])
    for start in (0, 3, 6):
        rows = slice(start, start + 3)
        mean = np.prod(given.probs["age"][rows], axis=0) ** (1 / 3)
        np.testing.assert_allclose(found.probs["age"][rows], [mean / mean.sum()] * 3, rtol=1e-9)
        odds = expit(logit(given.probs["tags"][rows]).mean(axis=0))
        np.testing.assert_allclose(found.probs["tags"][rows], [odds] * 3, rtol=1e-6)
    assert found.probs["mask"] is given.probs["mask"]
    for name in ("age", "tags", "class"):
        np.testing.assert_allclose(found.probs[name][9:], given.probs[name][9:], rtol=1e-12)


def test_the_composite_class_is_the_product_again() -> None:
    found = pool_groups(make_predictions(), ["age"])
    composite = TASK.composite
    assert composite is not None
    np.testing.assert_allclose(found.probs["class"], composite.joint_probs(found.probs), rtol=1e-9)


def test_a_joint_composite_has_the_pooled_attribute_as_its_sums() -> None:
    given, composite = make_predictions(), TASK.composite
    assert composite is not None
    joint = softmax(np.random.default_rng(5).normal(size=(N, 6)) * 3, axis=1)
    joint[0, composite.table[:, 1] == 2] = 0  # a class that no training image had
    joint /= joint.sum(axis=1, keepdims=True)
    given = replace(given, probs=complete_probs({"class": joint, "tags": given.probs["tags"]}, TASK))
    found = pool_groups(given, ["age"])
    np.testing.assert_allclose(
        composite.marginal_probs(found.probs["class"])["age"][1:], found.probs["age"][1:], rtol=1e-9
    )
    np.testing.assert_allclose(found.probs["class"].sum(axis=1), 1)


def test_order_of_rows_and_names_of_groups_do_not_matter() -> None:
    given, order = make_predictions(), np.random.default_rng(0).permutation(N)
    renamed = replace(given, group=as_text_array([f"x{name}" if name else "" for name in GROUP])).take(order)
    wanted, found = pool_groups(given, ["age"]).take(order), pool_groups(renamed, ["age"])
    np.testing.assert_allclose(found.probs["age"], wanted.probs["age"], rtol=1e-12)


def test_one_sure_image_does_not_outvote_ten() -> None:
    probs = np.array([[0.999, 0.001]] * 10 + [[0.0, 1.0]])
    task, ids = Task((MASK,)), as_text_array(list("abcdefghijk"))
    given = Predictions(task, ids, np.zeros(11, dtype=np.int64), {"mask": probs}, group=as_text_array(["p"] * 11))
    assert (pool_groups(given, ["mask"]).probs["mask"].argmax(axis=1) == 0).all()


def test_without_groups_it_is_refused() -> None:
    given = make_predictions(group=None)
    with pytest.raises(UsageError, match=r"pools age over the images of a group, and these images name no groups"):
        pool_groups(given, ["age"])
    assert pool_groups(given, []) is given


def make_labels() -> dict[str, NDArray[np.int64]]:
    return {"age": np.arange(N) // 3 % 3, "mask": np.arange(N) % 2, "tags": np.zeros((N, 2), dtype=np.int64)}


def test_only_attributes_of_whole_groups_are_pooled() -> None:
    given, labels = make_predictions(), make_labels()
    assert check_consensus(given, labels, ["age", "tags"]) == []
    labels["age"][0] = 2
    assert check_consensus(given, labels, ["age"]) == ["age differs inside 1 of 3 groups."]
    with pytest.raises(UsageError, match="no attribute of the group"):
        check_consensus(given, labels, ["mask"])
    with pytest.raises(UnknownNameError, match="race"):
        check_consensus(given, labels, ["race"])
    with pytest.raises(UsageError, match="lie in several folds"):
        check_consensus(replace(given, fold=np.arange(N) % 2), labels, ["age"])
    with pytest.raises(UsageError, match="no group of this run has two images"):
        check_consensus(replace(given, group=as_text_array([""] * N)), labels, ["age"])
    with pytest.raises(UsageError, match="no group of this run has two images"):
        check_consensus(make_predictions(group=None), labels, ["age"])


def test_labels_change_nothing_but_the_refusal() -> None:
    given = make_predictions()
    rules = DecisionRules.of_task(TASK, consensus=["age", "age"])
    assert rules.consensus == ("age",)
    assert DecisionRules.from_dict(rules.to_dict(), TASK) == rules
    assert not rules.is_default
    decided = rules.decide(given)["age"]
    assert all(len(set(decided[start : start + 3].tolist())) == 1 for start in (0, 3, 6))
