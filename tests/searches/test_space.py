"""The space of a search comes from the recipe's types; what has no effect is not chosen."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError, UsageError
from podium.recipe import Recipe, apply_overrides, find_preset
from podium.searches.derive import derive
from podium.searches.dimension import Dimension
from podium.searches.propose import propose
from podium.searches.space import plan_space, read_space
from podium.tables import Head, Task

SINGLE = Task((Head("c", "single", ("a", "b")),))
MULTI = Task((Head("c", "multi", ("a", "b")),))
STARTS = {name: apply_overrides(find_preset(name), {"image.size_px": 128}) for name in ("baseline", "quick")}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("optimizer.lr", "optimizer.lr=0.0001..0.01:log"),  # above 0, without an upper end: by powers
        ("optimizer.layer_decay", "optimizer.layer_decay=0.02..0.98"),  # (0, 1], and never 0
        ("loss.single.label_smoothing", "loss.single.label_smoothing=0..1"),
        ("training.batch_size", "training.batch_size=12..80:log"),
        ("model.pooling", "model.pooling=own,avg,max,avgmax,gem"),
        ("model.lora_norms", "model.lora_norms=false,true"),
        ("image.fit", "image.fit=stretch,crop,pad"),
    ],
)
def test_types_say_the_values(key: str, words: str) -> None:
    assert derive(Recipe(), key).words == words


def test_a_type_that_says_no_values_is_refused() -> None:
    for key in ("model.name", "augmentations", "optimizer.sam_rho", "optimizer.rl"):
        with pytest.raises(UsageError, match="does not say which values"):
            derive(Recipe(), key)


def test_words_are_read() -> None:
    found = read_space(["a=1..5", "b=0.1..1:log", "c=x,1e-3", "d=", "e", "f=-1..1"])
    assert found["a"] == Dimension("a", (), 1, 5, is_whole=True)
    assert found["b"] == Dimension("b", (), 0.1, 1, is_log=True)
    assert found["c"] == Dimension("c", ("x", 0.001))
    assert (found["d"], found["e"]) == ("left out", "derived")
    for wrong in ("=1", "a=1", "a=2..1", "a=0..1:log", "a=...."):
        with pytest.raises(UsageError):
            read_space([wrong])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "loss"), [(SINGLE, "loss.single.kind"), (MULTI, "loss.multi.kind")])
def test_the_usual_space_has_the_keys_of_the_task(task: Task, loss: str) -> None:
    space = {dimension.key: dimension for dimension in plan_space(STARTS, task, {})}
    assert loss in space
    assert not {"loss.single.kind", "loss.multi.kind"} - {loss} & set(space)
    assert ("lda" in space["head.kind"].options) == (task is SINGLE)
    assert {"optimizer.lr", "augmentations", "mixing", "image.size_px", "schedule.kind"} <= set(space)


@pytest.mark.slow
def test_what_the_user_says_lies_over_the_usual_space() -> None:
    given = read_space(["optimizer.lr=1e-5..1e-4:log", "mixing=", "training.epochs"])
    space = {dimension.key: dimension for dimension in plan_space(STARTS, SINGLE, given)}
    assert space["optimizer.lr"].low == 1e-5
    assert space["optimizer.lr"].high == 1e-3  # of quick: every start is in the space
    assert "mixing" not in space
    assert space["training.epochs"].words == "training.epochs=1..8:log"  # of quick: baseline has no epochs
    assert len(plan_space(STARTS, SINGLE, given, with_default=False)) == 2
    with pytest.raises(RecipeError, match="no start has a key"):
        plan_space(STARTS, SINGLE, read_space(["optimizer.rl=1..2"]))
    with pytest.raises(RecipeError, match="no start takes"):
        plan_space({"baseline": STARTS["baseline"]}, SINGLE, read_space(["optimizer.lr=1e-5..1e-4"]))


@pytest.mark.slow
def test_only_keys_with_an_effect_are_chosen() -> None:
    space = plan_space(STARTS, SINGLE, {})
    frozen = propose(STARTS["baseline"], space, SINGLE, lambda _d, own: own)
    assert set(frozen.choices) == {"image.size_px", "head.kind", "features.depths"}
    assert frozen.recipe == STARTS["baseline"]
    tuned = propose(STARTS["quick"], space, SINGLE, lambda _d, own: own)
    assert tuned.recipe == STARTS["quick"]
    assert tuned.choices["augmentations"] == "medium"  # the policy, not its list
    focal = propose(STARTS["quick"], space, SINGLE, lambda d, own: "focal" if d.key == "loss.single.kind" else own)
    assert "loss.single.label_smoothing" not in focal.choices


def test_an_impossible_combination_is_told_and_not_built() -> None:
    given = read_space(["schedule.kind=one_cycle,cosine,cosine_restarts", "training.epochs=3,8"])
    space = plan_space({"quick": STARTS["quick"]}, SINGLE, given, with_default=False)

    def propose_restarts(epochs: int) -> str:
        values = {"schedule.kind": "cosine_restarts", "training.epochs": epochs}
        return propose(STARTS["quick"], space, SINGLE, lambda d, _own: values[d.key]).problem

    assert "is no shorter than training.epochs=3" in propose_restarts(3)
    assert propose_restarts(8) == ""


def test_a_key_that_another_choice_gives_an_effect_is_kept() -> None:
    given = read_space(["optimizer.name=adamw,sgd", "optimizer.momentum=0.5..0.99"])
    space = plan_space({"quick": STARTS["quick"]}, SINGLE, given, with_default=False)
    chosen = [
        propose(STARTS["quick"], space, SINGLE, lambda d, _own, n=name: n if d.key == "optimizer.name" else 0.8).choices
        for name in ("adamw", "sgd")
    ]
    assert [set(one) for one in chosen] == [{"optimizer.name"}, {"optimizer.name", "optimizer.momentum"}]
