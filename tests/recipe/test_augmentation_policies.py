"""Policies stand for their lists in every entry, and each keeps what its data need."""

from __future__ import annotations

import pytest

from podium.data import HorizontalFlip, RandAugment, Rotate90, VerticalFlip
from podium.errors import RecipeError
from podium.recipe import apply_overrides, find_preset, parse_recipe, write_recipe_text
from podium.recipe.augmentation_policies import POLICIES, medium


@pytest.mark.parametrize("name", POLICIES)
def test_a_name_stands_for_its_list(name: str) -> None:
    policy = POLICIES[name]()
    assert apply_overrides(find_preset("finetune"), {"augmentations": name}).augmentations == policy
    recipe = apply_overrides(find_preset("finetune"), [f"augmentations={name}"])
    assert recipe.augmentations == parse_recipe({"augmentations": name}).augmentations == policy
    text = write_recipe_text(recipe)
    assert all(f"kind: {item.kind}" in text for item in policy)
    assert POLICIES[name].__doc__


def test_the_next_line_changes_what_a_name_stands_for() -> None:
    lines = ["augmentations=strong", "augmentations.2.magnitude=12", "augmentations.0.scale=[0.5,1]"]
    changed = apply_overrides(find_preset("finetune"), lines).augmentations
    assert changed[2] == RandAugment(magnitude=12)
    assert changed[1:2] == (HorizontalFlip(),)


def test_a_kind_alone_has_its_defaults() -> None:
    recipe = apply_overrides(find_preset("finetune"), ["augmentations=[rand_augment, {kind: rotate90}]"])
    assert recipe.augmentations == (RandAugment(), Rotate90())


def test_presets_use_medium() -> None:
    assert find_preset("quick").augmentations == find_preset("finetune").augmentations == medium()


def test_letters_are_never_mirrored_and_only_aerial_images_stand_on_their_head() -> None:
    for name, make in POLICIES.items():
        policy = make()
        flips = any(isinstance(item, HorizontalFlip | VerticalFlip) for item in policy)
        assert flips == (name not in ("none", "letters"))
        assert any(isinstance(item, VerticalFlip | Rotate90) for item in policy) == (name == "aerial")


@pytest.mark.parametrize(
    ("value", "words"),
    [("stronk", r"did you mean strong\?"), ("cut_out", r"did you mean \[cutout\]\?"), (3, "expected a list")],
)
def test_an_unknown_policy_is_refused_with_the_nearest(value: object, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        apply_overrides(find_preset("finetune"), {"augmentations": value})
