"""Presets are found by name, carry it, and differ in what they train."""

from __future__ import annotations

import pytest

from podium.data import CutMix, Rotate
from podium.errors import UnknownNameError
from podium.recipe import PRESETS, apply_overrides, find_preset, parse_recipe
from podium.recipe.build_schedules import build_schedule
from podium.recipe.loss_spec import parts_of


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


def test_the_longer_presets_train_all_of_a_larger_network_on_larger_images() -> None:
    recipes = [find_preset(name) for name in ("strong", "contest-f", "contest-l")]
    assert all(recipe.model.freeze == "none" for recipe in recipes)
    assert all(min(recipe.image.sides) >= 260 for recipe in recipes)
    assert {recipe.model.name for recipe in recipes}.isdisjoint({find_preset("finetune").model.name})


def test_contest_f_is_what_its_best_entries_did() -> None:
    recipe = find_preset("contest-f")
    assert recipe.model.arrangement == "shared"
    assert [item.shape for item in recipe.mixing if isinstance(item, CutMix)] == ["strip", "left_right"]
    assert sum(item.probability for item in recipe.mixing) == 0.8
    mixtures = (parts_of(recipe.loss.single), parts_of(recipe.loss.multi))
    kinds = [[(weight, loss.kind) for weight, loss in parts] for parts in mixtures]
    assert kinds == [[(0.4, "soft_macro_f1"), (0.6, "focal")], [(0.4, "soft_macro_f1"), (0.6, "binary_focal")]]


def test_contest_f_ends_at_its_lowest_learning_rate() -> None:
    """From 1e-5 up to 1e-3 and back, and whole cycles, so that what predicts was not taken from a peak."""
    recipe = find_preset("contest-f")
    factor = build_schedule(recipe, n_steps=100, steps_per_epoch=10)
    rates = [recipe.optimizer.lr * factor(step) for step in range(101)]
    assert min(rates) == pytest.approx(1e-5)
    assert max(rates) == pytest.approx(1e-3)
    assert rates[100] == pytest.approx(1e-5)


def test_contest_l_divides_the_rate_by_five_every_three_epochs() -> None:
    recipe = find_preset("contest-l")
    factor = build_schedule(recipe, n_steps=100, steps_per_epoch=10)
    assert [factor(step) for step in (0, 29, 30, 60, 99)] == pytest.approx([1, 1, 0.2, 0.04, 0.008])
    assert recipe.image.sides == (331, 331)
    assert Rotate(degrees=40, probability=1.0) in recipe.augmentations
