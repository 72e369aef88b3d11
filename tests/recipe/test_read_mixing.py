from __future__ import annotations

import pytest

from podium.data import CutMix, MixUp, PatchSwap
from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides, parse_recipe, write_recipe_text
from podium.store import read_plain_yaml


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cutmix", (CutMix(),)),
        ("[mixup, {kind: cutmix, shape: strip, alpha: 0.8}]", (MixUp(), CutMix(shape="strip", alpha=0.8))),
        ("{kind: patch_swap, cells: 2}", (PatchSwap(cells=2),)),
        ("none", ()),
        ("null", ()),
        ("[]", ()),
    ],
)
def test_short_forms(written: str, meant: tuple[object, ...]) -> None:
    recipe = apply_overrides(Recipe(), [f"mixing={written}"])
    assert recipe.mixing == meant
    record = read_plain_yaml(write_recipe_text(recipe).encode())
    assert parse_recipe(record).mixing == meant


def test_the_next_line_changes_what_a_kind_stands_for() -> None:
    recipe = apply_overrides(Recipe(), ["mixing=cutmix", "mixing.0.alpha=0.5"])
    assert recipe.mixing == (CutMix(alpha=0.5),)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mixing=cutmx", "did you mean cutmix"),
        ("mixing=[{kind: cutmix, alpha: 0}]", "mixing: cutmix: alpha is 0"),
        ("mixing=[{kind: cutmix, alpa: 1}]", "alpha"),
        ("mixing=[{kind: cutmix, partner: rarest}]", "mixing"),
        ("cutmix=1.0", "Did you mean 'mixing'"),
        ("training.mixup_off_epoch=3", "training.unmixed_last_epochs"),
    ],
)
def test_mistakes_are_told_with_what_was_meant(line: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        apply_overrides(Recipe(), [line])
