from __future__ import annotations

import inspect
from dataclasses import fields

import podium
from podium.dataset.option_homes import option_homes
from podium.recipe import recipe_keys


def test_every_option_that_train_does_not_take_has_a_home_that_it_takes() -> None:
    homes = option_homes()
    taken = inspect.signature(podium.train).parameters
    for kind in (podium.ScanOptions, podium.FoldOptions, podium.Settings):
        assert {item.name for item in fields(kind)} <= set(homes)
    assert set(recipe_keys()) <= set(homes)
    assert {home.partition("=")[0] for home in homes.values()} <= set(taken)
    for name, home in homes.items():
        assert name in home
