"""Crops in pixels beside stored sizes: refused where they cannot be taken, as early as the sizes are known."""

from __future__ import annotations

import pytest

from podium.data import CentreCrop, RandomCrop
from podium.errors import RecipeError
from podium.images import Size
from podium.recipe import apply_overrides, find_preset, resolve_sizes
from podium.recipe.crop_sizes import explain_large_crop


@pytest.mark.parametrize(
    ("crop", "stored", "fits"),
    [
        (RandomCrop((350, 300)), (400, 340), True),
        (RandomCrop((350, 300)), (340, 400), False),
        (RandomCrop(32, padding_px=4), 32, True),
        (RandomCrop(33), 32, False),
        (RandomCrop(33, padding_px=1), 32, True),
        (CentreCrop(size_px=(24, 40)), 32, False),
        (CentreCrop(0.9), 32, True),
    ],
)
def test_a_crop_fits_inside_the_stored_image_and_its_padding(
    crop: RandomCrop | CentreCrop, stored: Size, fits: bool
) -> None:
    assert (explain_large_crop([crop], stored) is None) == fits


def test_a_large_crop_is_refused_when_the_recipe_is_read() -> None:
    lines = ["image.stored_px=224", "augmentations=[{kind: random_crop, size_px: [350, 300]}]"]
    with pytest.raises(RecipeError, match=r"random_crop takes 350 x 300 of 224 x 224 stored pixels; set image\.stored"):
        apply_overrides(find_preset("finetune"), lines)


def test_a_large_crop_is_refused_when_sizes_are_known() -> None:
    recipe = apply_overrides(find_preset("finetune"), ["augmentations=[{kind: random_crop, size_px: 400}]"])
    with pytest.raises(RecipeError, match="random_crop takes 400 x 400 of 258 x 258"):
        resolve_sizes(recipe, median_side_px=500)
    large = apply_overrides(recipe, ["image.size_px=400"])
    assert resolve_sizes(large, median_side_px=500).image.stored_px == 460


def test_padding_needs_no_larger_images() -> None:
    lines = ["image.size_px=32", "augmentations=[{kind: random_crop, size_px: 32, padding_px: 4}, horizontal_flip]"]
    assert resolve_sizes(apply_overrides(find_preset("finetune"), lines), median_side_px=32).image.stored_px == 32


def test_what_no_device_makes_is_refused_there() -> None:
    lines = ["model.freeze=none", "training.augment_on=device", "augmentations=[horizontal_flip, clahe, aug_mix]"]
    with pytest.raises(RecipeError, match=r"no device makes clahe and aug_mix; use training\.augment_on=cpu or auto"):
        apply_overrides(find_preset("finetune"), lines)
    assert apply_overrides(find_preset("finetune"), [*lines[:2], "augmentations=strong"])
