"""The patch size that a name says is the one that timm builds, and sizes that it does not divide are refused."""

from __future__ import annotations

import pytest
import timm
import torch
from timm.layers import PatchEmbed

from podium.errors import RecipeError, UsageError
from podium.models import build_backbone
from podium.recipe import apply_overrides, baseline, resolve_sizes
from podium.recipe.patch_size import find_patch_px


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "vit_tiny_patch16_224",
        "vit_small_patch14_reg4_dinov2.lvd142m",
        "vit_small_patch16_dinov3.lvd1689m",
        "vit_small_patch32_224",
        "deit_tiny_patch16_224",
        "eva02_tiny_patch14_224",
        "swin_tiny_patch4_window7_224",
    ],
)
def test_a_name_says_what_timm_builds(name: str) -> None:
    with torch.device("meta"):
        embed = timm.create_model(name, num_classes=0).patch_embed
    assert isinstance(embed, PatchEmbed)
    patch = find_patch_px(name)
    assert embed.patch_size == (patch, patch)


def test_other_names_say_nothing() -> None:
    for name in ("tiny", "resnet18", "test_vit", "tf_efficientnet_lite0", "mixer_b16_224", "patch16"):
        assert find_patch_px(name) is None


def test_a_size_that_patches_do_not_cover_is_refused_with_the_recipe() -> None:
    name = "model.name=vit_small_patch14_dinov2"
    with pytest.raises(RecipeError, match=r"'vit_small_patch14_dinov2': its patches of 14 px .* 196 and 210"):
        apply_overrides(baseline(), [name, "image.size_px=200"])
    with pytest.raises(RecipeError, match=r"\[224,196\] and \[224,210\]"):
        apply_overrides(baseline(), [name, "image.size_px=[224,200]"])
    assert apply_overrides(baseline(), [name, "image.size_px=[224,210]"]).image.sides == (224, 210)


@pytest.mark.parametrize("side", [1, 100, 141, 200, 5000])
def test_auto_takes_a_multiple_by_itself(side: int) -> None:
    recipe = apply_overrides(baseline(), ["model.name=vit_small_patch14_dinov2"])
    size = resolve_sizes(recipe, median_side_px=side).image.size_px
    assert isinstance(size, int)
    assert size % 14 == 0
    assert 128 <= size <= 224


def test_a_patch_size_that_no_name_says_is_refused_when_the_network_is_built() -> None:
    with pytest.raises(UsageError, match=r"'test_vit': its patches of 16 px do not divide 40 px.* 32 and 48"):
        build_backbone("test_vit", "random", 40)
