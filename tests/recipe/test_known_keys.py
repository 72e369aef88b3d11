from __future__ import annotations

import pytest

from podium.recipe import Recipe
from podium.recipe.known_keys import nearest_key, recipe_keys


def test_every_key_leads_to_a_value_of_the_default_recipe() -> None:
    record = Recipe().model_dump(mode="json")
    for key in recipe_keys():
        inner = record
        for name in key.split("."):
            inner = inner[name]
    assert len(set(recipe_keys())) == len(recipe_keys())


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("trainig.epochs", "training.epochs"),
        ("epochs", "training.epochs"),
        ("optimizer.wheight_decay", "optimizer.weight_decay"),
        ("training.lr", "optimizer.lr"),
        ("optimizer.zebra", None),
    ],
)
def test_the_key_that_was_meant(given: str, meant: str | None) -> None:
    assert nearest_key(given.split(".")) == meant
