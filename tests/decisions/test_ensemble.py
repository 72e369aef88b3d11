"""No image judges weights that it helped to choose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from podium.decisions import Choice, combine_out_of_fold, stack_out_of_fold
from podium.decisions.blend_weights import choose_weights
from podium.metrics import metric, number_groups
from podium.tables import Head, Predictions, Task, as_text_array

HEAD = Head("age", "single", ("a", "b", "c"))


def draw(n_models: int, *, n: int = 90, seed: int = 0, skill: float = 0.0) -> tuple[list[Predictions], Any, Any]:
    rng = np.random.default_rng(seed)
    labels, fold = rng.integers(0, 3, n), np.arange(n) % 3
    ids = as_text_array([f"{row}" for row in range(n)])
    made = []
    for _ in range(n_models):
        logits = skill * np.eye(3)[labels] + rng.normal(0, 1, (n, 3))
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        made.append(Predictions(Task((HEAD,)), ids, fold, {"age": probs}))
    return made, {"age": labels}, fold


def combine(choice: Choice, members: list[Predictions], labels: Any, fold: Any) -> Any:
    names = np.array([f"{row // 2}" for row in range(len(fold))], dtype=object)
    return combine_out_of_fold(choice, members, labels, fold, {"age": metric("accuracy")}, "age", groups=names)


@pytest.mark.parametrize("weighing", ["search", "greedy"])
def test_labels_of_a_fold_do_not_change_its_own_predictions(weighing: Any) -> None:
    members, labels, fold = draw(4, skill=1.0)
    plain = combine(Choice("mean", weighing), members, labels, fold)
    changed = {"age": np.where(fold == 1, (labels["age"] + 1) % 3, labels["age"])}
    other = combine(Choice("mean", weighing), members, changed, fold)
    assert np.array_equal(plain.oof.probs["age"][fold == 1], other.oof.probs["age"][fold == 1])
    assert plain.by_fold[1] == other.by_fold[1]
    assert not np.array_equal(plain.oof.probs["age"], other.oof.probs["age"])
    rest = [np.asarray(member.probs["age"])[fold != 1] for member in members]
    choice = Choice("mean", weighing)
    assert plain.by_fold[1] == choose_weights(choice, rest, labels["age"][fold != 1], metric("accuracy"), HEAD)


@pytest.mark.slow
def test_many_models_that_know_nothing_do_not_look_good() -> None:
    """Chosen and judged on the same rows, the best of 20 coins would beat chance by far."""
    honest, naive = [], []
    for seed in range(10):
        members, labels, fold = draw(20, n=60, seed=seed)
        found = combine(Choice("mean", "greedy"), members, labels, fold)
        honest.append((found.oof.probs["age"].argmax(axis=1) == labels["age"]).mean())
        same = found.blend.combine([member.probs for member in members], Task((HEAD,)))["age"]
        naive.append((same.argmax(axis=1) == labels["age"]).mean())
    assert np.mean(naive) > 0.5
    assert abs(np.mean(honest) - 1 / 3) < 0.08


def test_equal_weights_need_no_label() -> None:
    members, labels, fold = draw(3)
    found = combine(Choice(), members, labels, fold)
    assert found.by_fold == {}
    assert found.oof.probs["age"] == pytest.approx(np.mean([member.probs["age"] for member in members], axis=0))


@pytest.mark.parametrize("weighing", ["search", "greedy", "stack"])
def test_one_fold_is_judged_group_by_group(weighing: Any) -> None:
    """Of a single fold every part would be all of it: nothing would be left to choose weights from."""
    members, labels, _ = draw(3, skill=1.0)
    fold, groups = np.zeros(90, dtype=np.int64), np.array([f"{row // 2}" for row in range(90)], dtype=object)

    def make(truth: Any) -> Any:
        if weighing == "stack":
            return stack_out_of_fold(members, truth, fold, groups, "age")
        return combine(Choice("mean", weighing), members, truth, fold)

    plain = make(labels)
    assert len(plain.by_fold) == 3
    assert np.isfinite(plain.oof.probs["age"]).all()
    assert set(plain.oof.fold.tolist()) == {0}
    part = number_groups(groups)[0] % 3 == 1
    changed = {"age": np.where(part, (labels["age"] + 1) % 3, labels["age"])}
    other = make(changed)
    assert np.array_equal(plain.oof.probs["age"][part], other.oof.probs["age"][part])
    assert not np.array_equal(plain.oof.probs["age"], other.oof.probs["age"])


def test_without_any_label_all_weigh_the_same() -> None:
    members, labels, _ = draw(2)
    found = combine(Choice("mean", "search"), members, {"age": np.full(90, -1)}, np.arange(90) % 3)
    assert found.blend.weights["age"] == (0.5, 0.5)
    assert labels["age"].min() == 0
