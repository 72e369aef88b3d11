"""One list of checks: what a task does not allow is refused by it, whichever way a training is asked for."""

from __future__ import annotations

import pytest

from podium.errors import PodiumError, UsageError
from podium.recipe.check_for_task import check_for_task, check_metric_of, describe_for_task
from tiny.contest import TASKS, make_recipe

WRONG = {
    "a pool without bags": (["pool=max"], "pool"),
    "the weight of no head": (["loss.head_weights={nope: 3}"], "nope"),
    "the loss of no head": (["loss.heads={nope: {kind: focal}}"], "nope"),
    "a sampler by no head": (["training.sampler=balanced", "training.sampler_heads=[nope]"], "nope"),
}


@pytest.mark.parametrize("shape", TASKS)
@pytest.mark.parametrize("case", WRONG)
def test_what_a_task_does_not_have_is_refused(case: str, shape: str) -> None:
    lines, named = WRONG[case]
    with pytest.raises(PodiumError, match=named):
        check_for_task(make_recipe(*lines), TASKS[shape], None)


@pytest.mark.parametrize("shape", TASKS)
def test_a_plain_recipe_fits_every_task(shape: str) -> None:
    check_for_task(make_recipe(), TASKS[shape], None)
    check_metric_of(make_recipe(), TASKS[shape])
    assert describe_for_task(make_recipe(), TASKS[shape]) == []


def test_a_metric_is_for_the_main_target() -> None:
    with pytest.raises(UsageError, match="quadratic_kappa"):
        check_metric_of(make_recipe("metric=quadratic_kappa"), TASKS["multi"])


def test_the_region_of_no_head_is_refused() -> None:
    recipe = make_recipe("model.arrangement=separate", "image.regions={nope: face}")
    with pytest.raises(PodiumError, match="nope"):
        check_for_task(recipe, TASKS["attributes"], None)


def test_an_imbalance_that_is_corrected_twice_is_told() -> None:
    weights = "loss.single={kind: cross_entropy, class_weights: balanced}"
    (said,) = describe_for_task(make_recipe("training.sampler=balanced", weights), TASKS["single"])
    assert "twice" in said
