"""A recipe is called by its preset's name only while it is that preset."""

from __future__ import annotations

import pytest

from podium.recipe import PRESETS, Recipe, apply_overrides, find_preset, resolve_recipe
from podium.recipe.preset_names import name_changed, started_from


@pytest.mark.parametrize("name", PRESETS)
def test_numbers_in_place_of_auto_are_no_change(name: str) -> None:
    resolved = resolve_recipe(find_preset(name), median_side_px=100)
    assert name_changed(resolved).preset == name
    assert name_changed(resolved, resolved=False).preset == f"{name}-changed"


def test_a_recipe_that_is_changed_in_python_loses_the_name_too() -> None:
    quick = find_preset("quick")
    changed = quick.model_copy(update={"training": quick.training.model_copy(update={"epochs": 9})})
    assert name_changed(changed).preset == "quick-changed"
    assert started_from("quick-changed") == quick


def test_a_way_back_gives_the_name_back() -> None:
    there = apply_overrides(find_preset("quick"), ["training.epochs=9"])
    assert there.preset == "quick-changed"
    assert apply_overrides(there, ["training.epochs=3"]) == find_preset("quick")


def test_a_name_of_ones_own_stays() -> None:
    assert name_changed(Recipe(preset="mine")).preset == "mine"
    assert started_from("mine") is None
