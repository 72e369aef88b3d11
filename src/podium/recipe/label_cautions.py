"""Cautions about a recipe's augmentations beside the names of the classes that are to be learnt."""

from __future__ import annotations

from dataclasses import asdict

from podium.recipe.recipe import Recipe
from podium.tables import Task
from podium.tables.label_safety import unsafe_for_labels

__all__ = ["describe_unsafe_labels"]


def describe_unsafe_labels(recipe: Recipe, task: Task) -> list[str]:
    """A sentence for each augmentation or view that may turn an image into one of another class."""
    views = recipe.feature_views if recipe.model.freeze == "backbone" else recipe.predict_views
    augmentations = [asdict(item) for item in recipe.augmentations]
    return [
        f"{said} (target {head.name})" if len(task.heads) > 1 else said
        for head in task.heads
        for said in unsafe_for_labels(augmentations, head.classes, views=views)
    ]
