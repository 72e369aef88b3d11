"""Borders of a recipe against the samples: heads that are no numbers, and treatments that change nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from podium.advice import option
from podium.errors import RecipeError, UnknownNameError
from podium.listing import count_of, list_some
from podium.recipe.border_spec import BorderSpec, MovedBorders, SoftBorders
from podium.recipe.border_targets import treat_borders
from podium.recipe.recipe import Recipe
from podium.tables import Samples

__all__ = ["check_borders"]


def check_borders(recipe: Recipe, samples: Samples) -> None:
    """Raise where `borders` says something that the samples do not have, or that changes nothing.

    Args:
        recipe: The recipe.
        samples: All samples, with labels.

    Raises:
        UnknownNameError: If there is no such head.
        RecipeError: If a head was not made from numbers, has another number of borders, the ramps of two borders
            overlap, no label changes, or a class is left without images to learn from.
    """
    for name, spec in recipe.borders.items():
        _check_head(samples, name)
        _check_one(samples, name, spec)


def _check_head(samples: Samples, name: str) -> None:
    heads = {} if samples.task is None else {head.name: head for head in samples.task.heads}
    if name not in heads:
        raise UnknownNameError("head", name, list(heads), where="borders")
    borders = samples.borders.get(name, ())
    if name not in samples.numbers or len(borders) + 1 != heads[name].n_classes:
        raise RecipeError(
            f"borders.{name}: head {name!r} was not made from numbers, so it has no borders.",
            fix=f"Leave it out of borders, or read its numbers with {option('bins')}.",
        )


def _check_one(samples: Samples, name: str, spec: BorderSpec) -> None:
    given = samples.borders[name]
    if isinstance(spec, MovedBorders) and len(spec.at) != len(given):
        raise RecipeError(
            f"borders.{name}.at has {count_of(len(spec.at), 'border')}, but head {name!r} has {len(given)}:"
            f" {list_some([f'{border:g}' for border in given])}.",
            fix="Give as many, in the same order.",
        )
    gap = min((high - low for low, high in pairwise(given)), default=np.inf)
    if isinstance(spec, SoftBorders) and gap < 2 * spec.width:
        raise RecipeError(
            f"borders.{name}.width={spec.width:g}: two borders are {gap:g} apart, so their shares would overlap.",
            fix=f"Use a width of at most {gap / 2:g}.",
        )
    _check_change(samples, treat_borders(samples, {name: spec}), name)


def _check_change(samples: Samples, treated: Samples, name: str) -> None:
    assert samples.task is not None, "its head was found"
    old, new = (np.unique(table.labels[name]) for table in (samples, treated))
    lost = [samples.task.head(name).classes[place] for place in old if place >= 0 and place not in new]
    if lost:
        raise RecipeError(
            f"borders.{name} leaves no image to learn {list_some(map(repr, lost))} of {name!r} from.",
            fix="Move the borders less, or use a smaller width.",
        )
    is_soft = name in treated.soft and bool(((treated.soft[name] > 0) & (treated.soft[name] < 1)).any())
    if not is_soft and np.array_equal(samples.labels[name], treated.labels[name]):
        raise RecipeError(
            f"borders.{name} has no effect: no image has a number that it would change.",
            fix="Leave it out, move the borders further, or use a larger width.",
        )
