"""The values that a recipe key may take, from its type: words become options, bounded numbers a range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel

from podium.errors import UsageError
from podium.recipe import Recipe
from podium.recipe.kinds import kinds_at
from podium.searches.dimension import Dimension

__all__ = ["derive"]

FACTOR = 10
"""How far an unbounded number is varied up and down; whole numbers by a quarter of it."""
FREE = 10**6
"""A bound beyond this is none."""


def derive(recipe: Recipe, key: str) -> Dimension:
    """The dimension of a key by its type: its words, its kinds, yes and no, or a range of numbers around its value.

    A number with both bounds is varied between them, by equal steps. One without is varied from a tenth to ten times
    its value (whole numbers: two and a half times), by powers.

    Raises:
        UsageError: If the type does not say it: texts, lists, numbers that are null now.

    Example:
        >>> derive(Recipe(), "schedule.kind").options[:2]
        ('one_cycle', 'cosine')
        >>> derive(Recipe(), "optimizer.lr").words
        'optimizer.lr=0.0001..0.01:log'
    """
    *path, name = key.split(".")
    if name == "kind" and (kinds := kinds_at(path)):
        return Dimension(key, tuple(kinds))
    holder: Any = recipe
    for step in path:
        holder = getattr(holder, step, None)
    if not isinstance(holder, BaseModel) or name not in type(holder).model_fields:
        raise _unclear(key)
    field = type(holder).model_fields[name]
    kinds_of_value = list(_flatten(field.annotation, tuple(field.metadata)))
    value = getattr(holder, name)
    numbers = [(kind, bounds) for kind, bounds in kinds_of_value if kind in (int, float)]
    if numbers and isinstance(value, int | float) and not isinstance(value, bool):
        kind, bounds = numbers[0]
        return _range(key, value, bounds, is_whole=kind is int)
    words = [word for kind, _ in kinds_of_value if get_origin(kind) is Literal for word in get_args(kind)]
    if any(kind is bool for kind, _ in kinds_of_value):
        words = [False, True]
    if len(words) > 1:
        return Dimension(key, tuple(words))
    raise _unclear(key)


def _unclear(key: str) -> UsageError:
    return UsageError(
        f"the type of {key} does not say which values to try.",
        field="space",
        fix=f"Name them: {key}=FIRST,SECOND, or {key}=LOW..HIGH.",
    )


def _flatten(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The alternatives of a type, each with what bounds it."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _flatten(inner, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            yield from _flatten(inner, metadata)
    elif annotation is not NoneType:
        yield annotation, metadata


def _range(key: str, value: float, metadata: tuple[Any, ...], *, is_whole: bool) -> Dimension:
    low, high = _bounds(metadata)
    if low > -FREE and high < FREE:
        room = 0.0 if is_whole else 0.02 * (high - low)
        is_open = {type(item) for item in _constraints(metadata)} & {Gt, Lt}
        room = room if is_open else 0.0
        return Dimension(key, (), low + room, high - room, is_whole=is_whole)
    if value <= 0:
        raise _unclear(key)
    factor = FACTOR / 4 if is_whole else FACTOR
    least, most = max(low, value / factor), min(high, value * factor)
    if is_whole:
        least, most = max(1, math.floor(least)), math.ceil(most)
    return Dimension(key, (), least, most, is_log=True, is_whole=is_whole)


def _constraints(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        inner = getattr(item, "metadata", None)
        yield from inner if isinstance(inner, list | tuple) else (item,)


def _bounds(metadata: tuple[Any, ...]) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for item in _constraints(metadata):
        if isinstance(item, Gt | Ge):
            low = float(item.gt if isinstance(item, Gt) else item.ge)  # type: ignore[arg-type]
        if isinstance(item, Lt | Le):
            high = float(item.lt if isinstance(item, Lt) else item.le)  # type: ignore[arg-type]
    return low, high
