"""From a start and choices to a recipe: only keys that have an effect are chosen, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides
from podium.recipe.idle_keys import refuse_idle_for_task
from podium.searches.dimension import Dimension
from podium.tables import Task

__all__ = ["Proposal", "fits", "is_live", "own_value", "propose", "with_key"]

Suggest = Callable[[Dimension, Any], Any]
"""A dimension and the recipe's own value -> the value to try."""


@dataclass
class Proposal:
    """A recipe to try.

    Args:
        recipe: The recipe.
        choices: What was chosen, by key, as a journal holds it.
        problem: Why it is impossible; "" where it is not.
    """

    recipe: Recipe
    choices: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def propose(start: Recipe, space: Sequence[Dimension], task: Task, suggest: Suggest) -> Proposal:
    """The start with the values that are suggested; keys without effect beside earlier choices are passed over.

    Args:
        start: A recipe whose image size is a number.
        space: The dimensions, those that decide about others first.
        task: What is to be learnt.
        suggest: Asked for every key that has an effect.
    """
    made = Proposal(start)
    for dimension in space:
        if not is_live(dimension, made.recipe, task):
            continue
        own = own_value(dimension, made.recipe)
        value = suggest(dimension, own)
        made.choices[dimension.key] = dimension.choice_of(value)
        if value == own:
            continue
        try:
            made.recipe = with_key(made.recipe, dimension.key, value, task)
        except RecipeError as problem:
            made.problem = problem.what
            break
    return made


def with_key(recipe: Recipe, key: str, value: Any, task: Task) -> Recipe:
    """The recipe with a key changed.

    Raises:
        RecipeError: If it does not go together with the rest of the recipe or with the task, or has no effect there.
    """
    changed = apply_overrides(recipe, {key: value})
    refuse_idle_for_task(changed, task)
    return changed


def own_value(dimension: Dimension, recipe: Recipe) -> Any:
    """The recipe's value of a key, as the option that says the same where one does: a policy, not its list."""
    value: Any = recipe.model_dump(mode="json")
    for step in dimension.key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value in dimension.options or not isinstance(value, list):
        return value
    for option in dimension.options:
        try:
            if not recipe.differences(apply_overrides(recipe, {dimension.key: option})):
                return option
        except RecipeError:
            continue
    return value


def fits(dimension: Dimension, value: Any, recipe: Recipe, task: Task) -> bool:
    """Whether a value of a key goes together with a recipe."""
    try:
        with_key(recipe, dimension.key, value, task)
    except RecipeError:
        return False
    return True


def is_live(dimension: Dimension, recipe: Recipe, task: Task) -> bool:
    """Whether a recipe takes another value of the key than its own."""
    own = own_value(dimension, recipe)
    return any(fits(dimension, value, recipe, task) for value in dimension.probes if value != own)
