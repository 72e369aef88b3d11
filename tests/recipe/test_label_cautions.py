"""Cautions about labels, for every target of a task."""

from __future__ import annotations

from podium.recipe import apply_overrides, find_preset
from podium.recipe.label_cautions import describe_unsafe_labels
from podium.tables import Head, Task


def test_each_target_is_looked_at() -> None:
    task = Task((Head("side", "single", ("left", "right")), Head("tint", "multi", ("red", "blue"))))
    recipe = apply_overrides(find_preset("finetune"), ["augmentations=[horizontal_flip, grayscale]"])
    said = describe_unsafe_labels(recipe, task)
    assert len(said) == 2
    assert "left and right" in said[0]
    assert said[0].endswith("(target side)")
    assert "grayscale changes colours" in said[1]
    assert (
        describe_unsafe_labels(apply_overrides(recipe, ["augmentations=letters", "predict_views=[plain]"]), task) == []
    )


def test_cached_views_of_a_frozen_backbone_count() -> None:
    task = Task((Head("label", "single", ("left", "right")),))
    assert "the view hflip" in describe_unsafe_labels(find_preset("baseline"), task)[0]
