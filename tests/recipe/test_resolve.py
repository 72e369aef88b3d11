"""Every "auto" has a meaning before anything is trained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.recipe import Recipe, apply_overrides, baseline, finetune, resolve_recipe
from podium.recipe.resolve import choose_size


@given(st.floats(1, 1e5))
def test_the_size_is_a_multiple_of_32_that_holds_the_image_within_limits(side: float) -> None:
    size = choose_size(side)
    assert size % 32 == 0
    assert 128 <= size <= 224
    assert size >= min(side - 1, 224)
    assert size - 32 < max(side, 128)


def test_sizes_and_weights_are_settled_and_what_was_said_stays() -> None:
    for recipe in (baseline(), finetune()):
        resolved = resolve_recipe(apply_overrides(recipe, ["model.name=tiny"]), median_side_px=100)
        assert "auto" not in resolved.image.model_dump_json()
        assert resolved.model.weights == "random"
        assert resolve_recipe(resolved, median_side_px=999) == resolved
    lines = ["image.size_px=96", "image.stored_px=100", "model.weights=random", "training.select=last"]
    said = apply_overrides(finetune(), lines)
    assert resolve_recipe(said, median_side_px=500) == said


def test_images_are_stored_larger_only_where_augmentation_crops() -> None:
    sizes = {}
    for name, recipe in (("plain", baseline()), ("crops", finetune())):
        image = resolve_recipe(apply_overrides(recipe, ["model.name=tiny"]), median_side_px=200).image
        sizes[name] = (image.size_px, image.stored_px)
    assert sizes == {"plain": (224, 224), "crops": (224, 258)}


def test_a_rectangle_is_stored_larger_on_both_sides_where_augmentation_crops() -> None:
    for lines, stored in (
        (["image.size_px=[280,210]"], (322, 241)),
        (["image.size_px=[4000,100]"], (4096, 102)),
        (["image.size_px=4000"], 4096),
        (["image.size_px=[280,210]", "image.stored_px=300"], 300),
        (["image.size_px=[280,210]", "augmentations=[]"], (280, 210)),
    ):
        recipe = apply_overrides(finetune(), ["model.name=tiny", *lines])
        image = resolve_recipe(recipe, median_side_px=100).image
        assert image.size_px == recipe.image.size_px
        assert image.stored_px == stored


def test_weights_are_never_silently_random() -> None:
    resolved = resolve_recipe(Recipe.model_validate({"model": {"name": "resnet18"}}), median_side_px=100)
    assert resolved.model.weights == "pretrained"


@pytest.mark.parametrize(
    ("lines", "select"),
    [
        ([], "last"),
        (["training.patience=3"], "best"),
        (["training.patience=3", "training.select=last"], "last"),
        (["training.select=best"], "best"),
    ],
)
def test_early_stopping_predicts_with_the_best_epoch_unless_told_otherwise(lines: list[str], select: str) -> None:
    recipe = apply_overrides(finetune(), ["model.name=tiny", *lines])
    assert resolve_recipe(recipe, median_side_px=100).training.select == select
