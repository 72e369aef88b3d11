"""Regions of a recipe beside the boxes of its samples."""

from __future__ import annotations

from podium.advice import option
from podium.errors import RecipeError, UnknownNameError
from podium.recipe.recipe import Recipe
from podium.regions import read_chain
from podium.regions.crop_boxes import boxes_of
from podium.tables import Samples, Task

__all__ = ["check_box_sources", "check_regions", "refuse_unused_boxes"]


def check_regions(recipe: Recipe, task: Task) -> None:
    """Raise UnknownNameError where a head that the task lacks has a region of its own."""
    known = [head.name for head in task.heads]
    for name in recipe.image.regions:
        if name not in known:
            raise UnknownNameError("head", name, known, where="image.regions")


def check_box_sources(recipe: Recipe, samples: Samples) -> None:
    """Refuse a region that has neither boxes nor detectors, and detectors that are not there, before anything is read.

    Raises:
        UnknownNameError: If a detector does not exist.
        RecipeError: If a region has neither boxes nor detectors.
        UsageError: If a detector's package is missing.
    """
    for region in recipe.image.used_regions:
        _, boxes = boxes_of(samples, region)
        if boxes is None and not recipe.image.detect:
            raise RecipeError(
                f"image.region={region} needs a box for every image, and there are none.",
                fix=f"Name a table of boxes with {option('regions')} (podium regions makes one), or let detectors find"
                " them: image.detect=[retinaface,mtcnn,centre].",
            )
    if recipe.image.used_regions and recipe.image.detect:
        read_chain(recipe.image.detect).check()


def refuse_unused_boxes(recipe: Recipe, samples: Samples) -> None:
    """Refuse boxes that somebody gave and no model would see."""
    if samples.boxes and not recipe.image.used_regions:
        named = next(iter(samples.boxes))
        raise RecipeError(
            f"the data have boxes of {', '.join(samples.boxes)}, and image.region=whole uses none.",
            fix=f"Set image.region={named}, or leave the table of boxes out.",
        )
