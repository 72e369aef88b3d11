"""What a recipe can have wrong for a task: one list for every way into a training."""

from __future__ import annotations

from podium.metrics import metric as find_metric
from podium.metrics.registry import check_metric_fits
from podium.recipe.arrangement import arrange
from podium.recipe.check_borders import check_borders
from podium.recipe.check_losses import check_losses
from podium.recipe.check_mixing import check_mixing
from podium.recipe.check_pool import check_pool
from podium.recipe.check_regions import check_regions
from podium.recipe.check_sampler import check_sampler, describe_double_correction
from podium.recipe.idle_keys import refuse_idle_for_task
from podium.recipe.label_cautions import describe_unsafe_labels
from podium.recipe.recipe import Recipe
from podium.tables import Samples, Task

__all__ = ["check_for_task", "check_metric_of", "describe_for_task"]


def check_for_task(recipe: Recipe, task: Task, samples: Samples | None) -> None:
    """Refuse a recipe that does not fit a task, before an image is read.

    Args:
        recipe: The recipe.
        task: What is learnt.
        samples: Of which; None of images in memory, which have neither bags nor the numbers that classes came from.

    Raises:
        RecipeError: If a key has no effect on this task, or is for another kind of head.
        UnknownNameError: If it names a head or a class that the task lacks.
        UsageError: If a loss of the user's is not registered.
    """
    parts = arrange(task, recipe.model.arrangement)
    refuse_idle_for_task(recipe, task)
    check_pool(recipe, samples)
    check_losses(recipe.loss, [head for part in parts.values() for head in part.heads])
    check_sampler(recipe, task)
    if samples is not None:
        check_borders(recipe, samples)
    check_mixing(recipe, task)
    check_regions(recipe, task)


def check_metric_of(recipe: Recipe, task: Task) -> None:
    """Refuse a metric that does not fit the main target.

    Raises:
        UsageError: If it does not; names those that do.
    """
    if recipe.metric is not None:
        check_metric_fits(find_metric(recipe.metric), task.main_target)


def describe_for_task(recipe: Recipe, task: Task) -> list[str]:
    """What fits a task and is rarely meant: flips of letters, an imbalance that is corrected twice."""
    twice = describe_double_correction(recipe, task)
    return [*describe_unsafe_labels(recipe, task), *([] if twice is None else [twice])]
