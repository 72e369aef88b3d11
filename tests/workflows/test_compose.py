"""A recipe from a preset and what changes it."""

from __future__ import annotations

import pytest

from podium.recipe import find_preset
from podium.workflows import compose_recipe


@pytest.mark.parametrize("overrides", [None, (), [], {}])
def test_no_overrides_change_nothing(overrides: object) -> None:
    """None is what a program passes on that was given none."""
    assert compose_recipe("finetune", overrides=overrides) == find_preset("finetune")  # type: ignore[arg-type]


def test_a_seed_and_overrides_are_taken() -> None:
    recipe = compose_recipe("finetune", overrides={"training.epochs": 3}, seed=5)
    assert (recipe.training.epochs, recipe.seed) == (3, 5)
