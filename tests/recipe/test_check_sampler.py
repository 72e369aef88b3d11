"""What a balanced sampler goes by, and the warning where class weights balance too."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError, UnknownNameError
from podium.recipe import Recipe, apply_overrides, arrange
from podium.recipe.check_sampler import check_sampler, describe_double_correction, sampled_targets
from podium.tables import Task
from tiny.contest import AGE, COMPOSITE, MASK, TAGS

WHOLE = Task((MASK, AGE, TAGS), COMPOSITE)
CLASS = COMPOSITE.name


def recipe(*lines: str) -> Recipe:
    return apply_overrides(Recipe(), ["training.sampler=balanced", *lines])


@pytest.mark.parametrize(
    ("arrangement", "wanted"),
    [
        ("shared", {"all": (CLASS,)}),
        ("joint", {"all": (CLASS,)}),
        ("separate", {"mask": ("mask",), "age": ("age",), "tags": ("tags",)}),
    ],
)
def test_each_model_goes_by_the_class_it_learns(arrangement: str, wanted: dict[str, tuple[str, ...]]) -> None:
    parts = arrange(WHOLE, arrangement)
    assert {name: sampled_targets(recipe(), WHOLE, part) for name, part in parts.items()} == wanted


def test_without_a_composite_it_goes_by_every_head() -> None:
    whole = Task((MASK, AGE))
    assert sampled_targets(recipe(), whole, whole) == ("mask", "age")


def test_named_targets_hold_for_every_model() -> None:
    chosen = recipe("training.sampler_heads=[age]")
    assert [sampled_targets(chosen, WHOLE, part) for part in arrange(WHOLE, "separate").values()] == [("age",)] * 3
    check_sampler(chosen, WHOLE)
    check_sampler(recipe(f"training.sampler_heads=[{CLASS}]"), WHOLE)


def test_a_target_that_does_not_exist_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"training\.sampler_heads: unknown head 'mas'\. Did you mean 'mask'\?"):
        check_sampler(recipe("training.sampler_heads=[mas]"), WHOLE)


def test_targets_without_a_sampler_have_no_effect() -> None:
    with pytest.raises(RecipeError, match=r"training\.sampler_heads=.* has no effect with training\.sampler=none"):
        apply_overrides(Recipe(), ["training.sampler_heads=[age]"])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["loss.single.class_weights=balanced"], "loss.single.class_weights=balanced"),
        (["loss.multi.positive_weights=balanced"], "loss.multi.positive_weights=balanced"),
        (["loss.heads={age: {kind: focal, class_weights: effective_number}}"], "loss.heads.age.class_weights="),
        (["loss.single.class_weights={worn: 2}"], None),  # somebody's own choice may have another reason
        ([], None),
        (["loss.single.class_weights=balanced", "training.sampler=none"], None),
    ],
)
def test_two_corrections_at_once_are_warned_of(lines: list[str], words: str | None) -> None:
    found = describe_double_correction(recipe(*lines), WHOLE)
    assert (found is None) if words is None else (found is not None and words in found)
