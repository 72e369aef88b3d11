"""Presets are found by name, carry it, and differ in what they train."""

from __future__ import annotations

import pytest

from podium.errors import UnknownNameError
from podium.recipe import PRESETS, apply_overrides, find_preset, parse_recipe


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_carries_its_name_and_is_a_valid_recipe(name: str) -> None:
    recipe = find_preset(name)
    assert recipe.preset == name
    assert parse_recipe(recipe.model_dump(mode="json")) == recipe
    assert apply_overrides(recipe, []) == recipe


def test_presets_train_more_of_the_backbone_one_after_the_other() -> None:
    models = {name: find_preset(name).model for name in ("baseline", "quick", "finetune")}
    assert [model.freeze for model in models.values()] == ["backbone", "blocks", "blocks"]
    assert models["quick"].frozen_blocks > models["finetune"].frozen_blocks


def test_only_trained_blocks_see_augmented_images() -> None:
    for name in PRESETS:
        recipe = find_preset(name)
        assert bool(recipe.augmentations) == (recipe.model.freeze != "backbone")


def test_an_unknown_preset_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'finetune'"):
        find_preset("fine_tune")
