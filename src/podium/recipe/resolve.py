"""The "auto" of a recipe that images and installed packages answer, turned into numbers and names.

What only the machine can answer (precision, layout, cached views) is left to autotune, in `training`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from podium.data import channel_statistics
from podium.errors import RecipeError, WeightsError
from podium.images import Size, height_and_width
from podium.machine.weight_packages import PACKAGED, find_weight_file
from podium.recipe.crop_sizes import crops_in_pixels, explain_large_crop
from podium.recipe.image_size import MOST_SIDE_PX
from podium.recipe.mixing_problems import explain_uneven_patches
from podium.recipe.patch_size import find_patch_px
from podium.recipe.recipe import Recipe
from podium.recipe.view_detail import explain_detail, least_stored_px

__all__ = ["resolve_recipe", "resolve_sizes", "resolve_statistics"]

SMALLEST_PX, LARGEST_PX, STEP_PX = 128, 224, 32
STORED_FACTOR = 1.15


def resolve_recipe(recipe: Recipe, *, median_side_px: float) -> Recipe:
    """The recipe with image sizes, weights and the choice of an epoch in place of "auto".

    Args:
        recipe: As presets, files and overrides gave it.
        median_side_px: Median of the images' shorter sides.
    """
    recipe = resolve_sizes(recipe, median_side_px=median_side_px)
    weights = recipe.model.weights
    if weights == "auto":
        weights = choose_weights(recipe.model.name)
    select = recipe.training.select
    if select == "auto":
        select = "last" if recipe.training.patience is None else "best"
    return recipe.model_copy(
        update={
            "model": recipe.model.model_copy(update={"weights": weights}),
            "training": recipe.training.model_copy(update={"select": select}),
        }
    )


def resolve_sizes(recipe: Recipe, *, median_side_px: float) -> Recipe:
    """The recipe with image sizes in place of "auto"; needs no torch.

    Args:
        recipe: As presets, files and overrides gave it.
        median_side_px: Median of the images' shorter sides.

    Raises:
        RecipeError: If an augmentation crops more pixels than are stored, patches do not divide the image, or a view
            shows too few of the stored pixels.
    """
    size = recipe.image.size_px
    if size == "auto":
        size = choose_size(median_side_px, patch_px=find_patch_px(recipe.model.name) or 1)
    stored = recipe.image.stored_px
    if stored == "auto":
        crops = any(item.kind == "random_resized_crop" for item in recipe.augmentations)
        crops = crops or crops_in_pixels(recipe.augmentations)
        stored = enlarge(size) if crops else size
    large = explain_large_crop(recipe.augmentations, stored)
    if large is not None:
        raise RecipeError(f"{large}.", fix="Or take a smaller crop.")
    uneven = explain_uneven_patches(recipe.mixing, size)
    if uneven is not None:
        raise RecipeError(f"{uneven}.", fix="Choose another number of cells, or set image.size_px.")
    image = recipe.image.model_copy(update={"size_px": size, "stored_px": stored})
    for view in (*recipe.predict_views, *(recipe.feature_views if recipe.model.freeze == "backbone" else ())):
        problem = explain_detail(view, image)
        if problem is not None:
            raise RecipeError(f"{problem}.", fix=f"Set image.stored_px={least_stored_px(view, image)}, or show more.")
    return recipe.model_copy(update={"image": image})


def resolve_statistics(recipe: Recipe, pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> Recipe:
    """The recipe with numbers in place of a mean or deviation of the data set.

    Args:
        recipe: A recipe whose other keys are resolved.
        pixels: The stored images, shape (N, H, W, 3).
        rows: Those to measure: images to train on, never the holdout or images to predict.
    """
    measured = [name for name in ("mean", "std") if getattr(recipe.image, name) == "dataset"]
    if not measured:
        return recipe
    found = dict(zip(("mean", "std"), channel_statistics(pixels, rows), strict=True))
    image = recipe.image.model_copy(update={name: found[name] for name in measured})
    return recipe.model_copy(update={"image": image})


def choose_size(median_side_px: float, *, patch_px: int = 1) -> int:
    """Side of the model's square: the images' own, up to a multiple of 32, within 128 and 224.

    Args:
        median_side_px: Median of the images' shorter sides.
        patch_px: Side of a patch. Where it does not divide 32, multiples of the most patches within 32 px are taken.

    Example:
        >>> [choose_size(side) for side in (28, 100, 160, 176, 3000)]
        [128, 128, 160, 192, 224]
        >>> [choose_size(side, patch_px=14) for side in (28, 150, 3000)]
        [140, 168, 224]
    """
    step = max(STEP_PX // patch_px, 1) * patch_px
    smallest, largest = -(-SMALLEST_PX // step) * step, LARGEST_PX // step * step
    return int(min(max(-(-int(median_side_px) // step) * step, smallest), largest))


def enlarge(size: Size) -> Size:
    """The size at which images are stored that will be cropped: 1.15 times as high and wide, at most 4,096 px.

    Example:
        >>> enlarge(224), enlarge((280, 210))
        (258, (322, 241))
    """
    factor = min(STORED_FACTOR, MOST_SIDE_PX / max(height_and_width(size)))
    if isinstance(size, int):
        return round(size * factor)
    return round(size[0] * factor), round(size[1] * factor)


def choose_weights(name: str) -> Literal["packaged", "pretrained", "random"]:
    """Packaged weights where their package is installed, else timm's; "tiny" has none but random ones."""
    if name == "tiny":
        return "random"
    return "packaged" if name in PACKAGED and _is_installed(name) else "pretrained"


def _is_installed(name: str) -> bool:
    try:
        return find_weight_file(PACKAGED[name]).is_file()
    except WeightsError:
        return False
