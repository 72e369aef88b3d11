"""The space of a search: the keys that matter for its starts, and what a user lays over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from podium.errors import RecipeError, UsageError
from podium.recipe import Recipe, recipe_keys
from podium.recipe.kinds import suggest_key
from podium.searches.derive import derive
from podium.searches.dimension import Dimension
from podium.searches.propose import fits, is_live, own_value, with_key
from podium.studies.arms import read_vary
from podium.tables import Task

__all__ = ["DERIVED", "LEFT_OUT", "Space", "plan_space", "read_space"]

LEFT_OUT, DERIVED = "left out", "derived"
Space = Mapping[str, Dimension | str]
"""By key: a dimension, or one of the words LEFT_OUT and DERIVED."""

_RANGE = re.compile(r"\s*([-+.\deE]+?)\s*\.\.\s*([-+.\deE]+?)\s*(:log)?\s*")
_STEP_PX, _LEAST_PX, _SMALL_PX = 32, 32, 96


def read_space(words: Sequence[str]) -> dict[str, Dimension | str]:
    """Words "key=low..high", "key=low..high:log", "key=a,b,c", "key" (by its type), "key=" (left out).

    Raises:
        UsageError: If one cannot be read.

    Example:
        >>> [found.words for found in read_space(["optimizer.lr=1e-4..1e-2:log", "image.size_px=96,128"]).values()]
        ['optimizer.lr=0.0001..0.01:log', 'image.size_px=96,128']
    """
    found: dict[str, Dimension | str] = {}
    for word in words:
        key, divider, text = (part.strip() for part in word.partition("="))
        if not key:
            raise UsageError(f"cannot read {word!r}.", field="space", fix="Write KEY=LOW..HIGH or KEY=FIRST,SECOND.")
        found[key] = _read_values(key, text) if text else LEFT_OUT if divider else DERIVED
    return found


def _read_values(key: str, text: str) -> Dimension:
    ends = _RANGE.fullmatch(text)
    if ends is not None:
        try:
            low, high = float(ends[1]), float(ends[2])
        except ValueError:
            raise UsageError(f"cannot read {key}={text}.", field="space", fix="Write KEY=LOW..HIGH.") from None
        is_whole = all(re.fullmatch(r"[-+]?\d+", end) for end in (ends[1], ends[2]))
        return Dimension(key, (), low, high, is_log=ends[3] is not None, is_whole=is_whole)
    options = read_vary([f"{key}={text}"])[key]
    if len(options) < 2:
        raise UsageError(
            f"{key}={text} is one value, which is nothing to search.",
            field="space",
            fix=f"To set it for all trials, change the recipe: {key}={text}.",
        )
    return Dimension(key, tuple(options))


def plan_space(
    starts: Mapping[str, Recipe], task: Task, given: Space, *, with_default: bool = True
) -> tuple[Dimension, ...]:
    """The dimensions of a search, those that decide about others first; the starts' own values are in them.

    Options that no start can take are left out.

    Args:
        starts: Recipes that trials start from, by name; their image sizes are numbers.
        task: What is to be learnt.
        given: What the user asked for, over the default space.
        with_default: Whether the keys that matter mostly are searched too.

    Raises:
        RecipeError: If there is no such key.
        UsageError: If nothing is left to search, or the type of a key that is named alone says no values.
    """
    wanted: dict[str, Dimension | str] = {}
    if with_default:
        wanted |= {dimension.key: dimension for dimension in _usual(starts, task)}
    wanted |= given
    kept, asked = [], []
    for key, values in wanted.items():
        if values == LEFT_OUT:
            continue
        _check_key(key, starts)
        if key in given and isinstance(values, Dimension):
            asked.append(_with_own(values, starts, task))
            continue
        dimension = values if isinstance(values, Dimension) else _derive_somewhere(key, starts, task)
        fitted = _fitted(dimension, starts, task)
        kept += [] if fitted is None else [fitted]
    for dimension in asked:
        _check_taken(dimension, [*kept, *asked], starts, task)
    kept += asked
    if not kept:
        raise UsageError("there is nothing to search.", field="space", fix="Name recipe keys: KEY=LOW..HIGH.")
    return tuple(sorted(kept, key=lambda dimension: _rank(dimension.key)))


def _check_key(key: str, starts: Mapping[str, Recipe]) -> None:
    records = [recipe.model_dump(mode="json") for recipe in starts.values()]
    if key in recipe_keys() or key.endswith(".kind") or any(_has(record, key.split(".")) for record in records):
        return
    fix = suggest_key(key.split("."))
    raise RecipeError(f"no start has a key {key!r}.", field="space", fix=fix or "docs/recipes.md lists every key.")


def _has(record: Any, path: list[str]) -> bool:
    for step in path:
        if not isinstance(record, dict) or step not in record:
            return False
        record = record[step]
    return True


def _derive_somewhere(key: str, starts: Mapping[str, Recipe], task: Task) -> Dimension:
    """From the first start that takes the key and whose type and value say the values; else from any."""
    problem: UsageError | None = None
    idle: Dimension | None = None
    for recipe in starts.values():
        try:
            found = derive(recipe, key)
        except UsageError as error:
            problem = problem or error
            continue
        if is_live(found, recipe, task):
            return found
        idle = idle or found
    if idle is None:
        assert problem is not None, "there is a start"
        raise problem
    return idle


def _fitted(dimension: Dimension, starts: Mapping[str, Recipe], task: Task) -> Dimension | None:
    """Without options that no start takes, with the starts' own values; None where none takes the key."""
    if dimension.options:
        options = tuple(
            option for option in dimension.options if any(fits(dimension, option, r, task) for r in starts.values())
        )
        if not options:
            return None
        dimension = replace(dimension, options=options)
    is_taken = any(is_live(dimension, recipe, task) for recipe in starts.values())
    return _with_own(dimension, starts, task) if is_taken else None


def _with_own(dimension: Dimension, starts: Mapping[str, Recipe], task: Task) -> Dimension:
    """With the own values of the starts that take it."""
    for recipe in starts.values():
        own = own_value(dimension, recipe) if is_live(dimension, recipe, task) else None
        dimension = dimension if own is None else dimension.widened(own)
    return dimension


def _check_taken(dimension: Dimension, others: Sequence[Dimension], starts: Mapping[str, Recipe], task: Task) -> None:
    """Refuse a key without effect in every start, also beside any one choice of another key."""
    for recipe in starts.values():
        changed = (
            with_key(recipe, other.key, value, task)
            for other in others
            for value in other.probes
            if other.key != dimension.key and fits(other, value, recipe, task)
        )
        if is_live(dimension, recipe, task) or any(is_live(dimension, one, task) for one in changed):
            return
    raise RecipeError(
        f"no start takes {dimension.words}.",
        field="space",
        fix="Leave it out, or name a start that does: the key has no effect in these recipes.",
    )


def _usual(starts: Mapping[str, Recipe], task: Task) -> Iterator[Dimension]:
    """What contest teams turn first."""
    sides = [recipe.image.size_px for recipe in starts.values()]
    squares = {side for side in sides if isinstance(side, int)}
    sizes = sorted(squares | {_near_side(side * share) for side in squares for share in (0.75, 1.25)})
    several = any(head.is_multi for head in task.heads)
    yield Dimension("head.kind", ("auto", "logistic", "ridge") if several else ("auto", "logistic", "lda", "ridge"))
    yield Dimension("features.depths", ("auto", "last"))
    if len(sizes) > 1:
        yield Dimension("image.size_px", tuple(sizes))
    yield Dimension("augmentations", ("none", "light", "medium", "strong"))
    yield Dimension("mixing", ([], "mixup", "cutmix"))
    yield Dimension("loss.single.kind", ("cross_entropy", "focal"))
    yield Dimension("loss.multi.kind", ("binary_cross_entropy", "binary_focal", "asymmetric"))
    yield Dimension("loss.single.label_smoothing", (), 0.0, 0.2)
    yield Dimension("schedule.kind", ("one_cycle", "cosine", "constant"))
    rates = [recipe.optimizer.lr for recipe in starts.values() if not recipe.is_solved]
    decays = [recipe.optimizer.weight_decay for recipe in starts.values() if not recipe.is_solved]
    if rates:
        yield Dimension("optimizer.lr", (), min(rates) / 5, max(rates) * 5, is_log=True)
        yield Dimension("optimizer.weight_decay", (), 1e-3, max(0.5, *decays), is_log=True)
    yield Dimension("model.drop_rate", (), 0.0, 0.5)


def _near_side(side: float) -> int:
    step = _STEP_PX if side >= _SMALL_PX else _STEP_PX // 2
    return max(_LEAST_PX, round(side / step) * step)


_FIRST = ("model.name", "model.freeze", "image.size_px", "training.epochs")


def _rank(key: str) -> tuple[int, int]:
    """Kinds before the numbers that they have, and what others depend on before all."""
    first = _FIRST.index(key) if key in _FIRST else len(_FIRST)
    is_kind = key.endswith(".kind") or key in ("optimizer.name", "augmentations", "mixing")
    return first, 0 if is_kind else 1
