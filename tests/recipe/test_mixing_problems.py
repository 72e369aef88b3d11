from __future__ import annotations

import pytest

from podium.errors import RecipeError
from podium.recipe import apply_overrides, find_preset, resolve_sizes


@pytest.mark.parametrize(
    ("preset", "lines", "words"),
    [
        ("baseline", ["mixing=cutmix"], "a frozen backbone trains on cached features"),
        ("quick", ["model.cached_views=3", "mixing=cutmix"], "cached outputs of frozen blocks"),
        ("finetune", ["mixing=mixup", "training.unmixed_last_epochs=8"], "leaves no epoch to mix in"),
        ("finetune", ["training.batch_size=1", "mixing=mixup"], "training.batch_size=1 has none"),
        ("finetune", ["image.size_px=[224, 200]", "mixing=[{kind: patch_swap, cells: 7}]"], "224 x 200 pixels cannot"),
        ("finetune", ["training.unmixed_last_epochs=1"], r"no effect with mixing=\[\]"),
        ("finetune", ["mixing=cutmix", "model.frozen_engine=openvino"], "no effect with mixing"),
    ],
)
def test_what_cannot_be_together_is_refused_before_data_are_read(preset: str, lines: list[str], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        apply_overrides(find_preset(preset), lines)


@pytest.mark.parametrize(
    ("preset", "lines"),
    [
        ("quick", ["mixing=cutmix"]),
        ("finetune", ["mixing=[mixup, cutmix]", "model.cached_views=0", "training.unmixed_last_epochs=7"]),
        ("finetune", ["training.batch_size=1", "mixing=[{kind: cutmix, partner: rare}]"]),
        ("finetune", ["image.size_px=224", "mixing=[{kind: patch_swap, cells: 7}]"]),
        ("baseline", ["model.freeze=none", "mixing=cutmix"]),
    ],
)
def test_what_can_be_together_is_taken(preset: str, lines: list[str]) -> None:
    assert apply_overrides(find_preset(preset), lines).mixing


def test_a_size_that_follows_the_images_is_checked_when_it_is_known() -> None:
    recipe = apply_overrides(find_preset("finetune"), ["mixing=[{kind: patch_swap, cells: 7}]"])
    assert resolve_sizes(recipe, median_side_px=500).image.size_px == 224
    with pytest.raises(RecipeError, match="128 x 128 pixels cannot be divided so"):
        resolve_sizes(recipe, median_side_px=100)
