"""The story of a transform that was never applied: whatever a recipe lists changes the pixels that reach the model."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import numpy as np
import pytest
import torch

from podium.data import CPU_ONLY, Augmentation
from podium.data.randomness import sample_keys
from podium.recipe import Recipe, apply_overrides, find_preset
from podium.recipe.augmentation_policies import POLICIES
from podium.training.inputs import ImageInputs, TrainRows
from tiny.augmented import smooth_images

PIXELS = (smooth_images(24, 40, 40) // 2 + 40).astype(np.uint8)
CPU = torch.device("cpu")


def pixels_that_reach_the_model(recipe: Recipe) -> np.ndarray[Any, Any]:
    """The first epoch of a training, in the order of the stored images."""
    inputs = ImageInputs(recipe, PIXELS, None, n_threads=1, device=CPU)
    rows = np.arange(len(PIXELS))
    loader = inputs.train_batches(TrainRows(rows, {}, sample_keys(map(str, rows))), seed=recipe.seed)
    batches = list(loader.from_position(0))
    order = np.argsort(np.concatenate([batch.rows for batch in batches]))
    return np.concatenate([batch.images.numpy() for batch in batches])[order]


def recipe_with(augmentations: Any, augment_on: str) -> Recipe:
    sizes = {"image.size_px": 32, "image.stored_px": 40, "model.name": "tiny", "model.freeze": "none"}
    keys = {"augmentations": augmentations, "training.augment_on": augment_on, "training.batch_size": 8}
    return apply_overrides(find_preset("finetune"), sizes | keys)


@pytest.mark.parametrize("augment_on", ["cpu", "device"])
@pytest.mark.parametrize("kind", [kind().kind for kind in get_args(Augmentation)])
def test_every_augmentation_changes_pixels(kind: str, augment_on: str) -> None:
    if augment_on == "device" and kind in CPU_ONLY:
        pytest.skip("no device makes it, and the recipe says so")
    make = next(item for item in get_args(Augmentation) if item().kind == kind)
    always = {"probability": 1.0} if any(field.name == "probability" for field in fields(make)) else {}
    always |= {"size_px": 24} if kind == "random_crop" else {}
    plain = pixels_that_reach_the_model(recipe_with([], augment_on))
    changed = pixels_that_reach_the_model(recipe_with([{"kind": kind, **always}], augment_on))
    is_changed = (plain != changed).any(axis=(1, 2, 3))
    # Policies choose operations that leave some images alone, such as posterize with 8 bits.
    assert is_changed.mean() > (0.6 if kind in ("trivial_augment_wide", "auto_augment") else 0.85)


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_changes_pixels_but_none(name: str) -> None:
    plain = pixels_that_reach_the_model(recipe_with([], "cpu"))
    changed = pixels_that_reach_the_model(recipe_with(name, "cpu"))
    assert (plain != changed).any(axis=(1, 2, 3)).mean() == (0.0 if name == "none" else 1.0)


@pytest.mark.parametrize("place", range(4))
def test_every_augmentation_of_a_list_changes_pixels(place: int) -> None:
    """Leaving any one of a policy's list out gives other images."""
    policy = list(recipe_with("strong", "cpu").augmentations)
    without = recipe_with([item for i, item in enumerate(policy) if i != place], "cpu")
    whole = pixels_that_reach_the_model(recipe_with("strong", "cpu"))
    assert (pixels_that_reach_the_model(without) != whole).any(axis=(1, 2, 3)).mean() > 0.1
