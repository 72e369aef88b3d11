"""Heads go to models as the arrangement says, and every target can be completed from what is trained."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError
from podium.recipe import ALL_HEADS, arrange
from podium.tables import Composite, Head, Task

MASK, GENDER = Head("mask", "single", ("worn", "none")), Head("gender", "single", ("male", "female"))
AGE, TAGS = Head("age", "ordinal", ("<30", ">=30")), Head("tags", "multi", ("a", "b"))


def test_arrangements_divide_the_heads() -> None:
    composite = Composite.from_heads({"mask": MASK.classes, "age": AGE.classes})
    task = Task((MASK, GENDER, AGE, TAGS), composite)
    assert arrange(task, "shared") == {ALL_HEADS: Task(task.heads)}
    assert arrange(task, "separate") == {head.name: Task((head,)) for head in task.heads}
    joint = arrange(task, "joint")[ALL_HEADS]
    assert [head.name for head in joint.heads] == ["class", "gender", "tags"]
    assert joint.heads[0].classes == composite.classes


@pytest.mark.parametrize("arrangement", ["joint", "shared", "separate"])
def test_every_target_can_be_completed_from_what_is_trained(arrangement: str) -> None:
    import numpy as np

    from podium.decisions import complete_probs
    from podium.training.probabilities import probs_from_logits

    task = Task((MASK, GENDER, AGE), Composite.from_heads({"mask": MASK.classes, "age": AGE.classes}))
    probs = {}
    for part in arrange(task, arrangement).values():
        logits = {head.name: np.random.default_rng(0).normal(size=(2, head.n_classes)) for head in part.heads}
        probs |= probs_from_logits(logits, part)
    assert list(complete_probs(probs, task)) == [head.name for head in task.targets]


def test_joint_needs_a_composite_and_one_head_needs_no_arrangement() -> None:
    with pytest.raises(RecipeError, match="composite="):
        arrange(Task((MASK, AGE)), "joint")
    for arrangement in ("joint", "shared"):
        assert arrange(Task((TAGS,)), arrangement) == {ALL_HEADS: Task((TAGS,))}
