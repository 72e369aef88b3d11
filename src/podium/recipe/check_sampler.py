"""The targets that a balanced sampler goes by, and class weights that correct the same imbalance once more."""

from __future__ import annotations

from collections.abc import Iterator

from podium.errors import UnknownNameError
from podium.recipe.loss_spec import parts_of
from podium.recipe.recipe import Recipe
from podium.tables import Task

__all__ = ["check_sampler", "describe_double_correction", "learned_targets", "sampled_targets"]


def check_sampler(recipe: Recipe, task: Task) -> None:
    """Raise UnknownNameError where the sampler goes by a target that the task lacks."""
    known = [head.name for head in task.targets]
    for name in recipe.training.sampler_heads:
        if name not in known:
            raise UnknownNameError("head", name, known, where="training.sampler_heads")


def sampled_targets(recipe: Recipe, whole: Task, part: Task) -> tuple[str, ...]:
    """Names of the targets whose classes are evened out for the model of a part.

    Args:
        recipe: The recipe.
        whole: All that is to be learnt.
        part: What the model learns, one of `arrange`.
    """
    return recipe.training.sampler_heads or learned_targets(whole, part)


def learned_targets(whole: Task, part: Task) -> tuple[str, ...]:
    """Names of the targets that the model of a part learns: the composite class where it learns all of it, else its
    heads."""
    names = {head.name for head in part.heads}
    composite = whole.composite
    if composite is not None and (composite.name in names or names.issuperset(composite.heads)):
        return (composite.name,)
    return tuple(head.name for head in part.heads)


def describe_double_correction(recipe: Recipe, task: Task) -> str | None:
    """A warning where a sampler and weights both balance the classes; None where they do not."""
    if recipe.training.sampler == "none":
        return None
    keys = ", ".join(dict.fromkeys(_balancing_keys(recipe, task)))
    if not keys:
        return None
    return (
        f"training.sampler={recipe.training.sampler} and {keys} correct the same imbalance twice: rare classes weigh"
        " too much. Use one of them."
    )


def _balancing_keys(recipe: Recipe, task: Task) -> Iterator[str]:
    for head in task.targets:
        place = "multi" if head.is_multi else "single"
        place = f"heads.{head.name}" if head.name in recipe.loss.heads else place
        for _, part in parts_of(recipe.loss.of(head)):
            for name in ("class_weights", "positive_weights"):
                choice = getattr(part, name, "none")
                if isinstance(choice, str) and choice != "none":
                    yield f"loss.{place}.{name}={choice}"
