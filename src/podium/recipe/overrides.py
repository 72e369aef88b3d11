"""Recipes from files and from `key.path=value`, with unknown keys named beside the nearest known one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from podium import durable
from podium.advice import options
from podium.errors import RecipeError, UsageError
from podium.near_names import nearest_name
from podium.recipe.augmentation_policies import read_augmentations
from podium.recipe.idle_keys import refuse_idle_keys, reset_idle_values
from podium.recipe.kinds import suggest_entry, suggest_key
from podium.recipe.part import read_kinds
from podium.recipe.preset_names import name_changed
from podium.recipe.presets import PRESETS
from podium.recipe.read_mixing import MIXING_KINDS, read_mixing
from podium.recipe.recipe import Recipe
from podium.recipe.wrong_values import explain_problems, find_booleans
from podium.store import read_plain_yaml

Overrides = Mapping[str, Any] | Sequence[str]
"""Changes of a recipe: {"training.epochs": 20}, or lines ["training.epochs=20"]."""

_LISTS: Mapping[str, Callable[[Any], Any]] = {
    "augmentations": read_augmentations,
    "mixing": read_mixing,
    "image.preprocessing": read_kinds,
}
"""Lists that have short forms."""
_NAMED = {("loss", "heads"), ("model", "layers"), ("borders",)}
"""The mappings that take parts by names of the user's."""

__all__ = [
    "Overrides",
    "apply_overrides",
    "load_recipe",
    "override_keys",
    "parse_recipe",
    "save_recipe",
    "write_recipe_text",
]


def parse_recipe(record: Mapping[str, Any], *, where: str | Path | None = None, field: str | None = None) -> Recipe:
    """A recipe from plain data.

    Args:
        record: Keys and values.
        where: File they come from, for errors.
        field: Argument they come from, for errors.

    Raises:
        RecipeError: If a key is unknown (names the nearest) or a value is wrong (says what was expected).
    """
    fix = "docs/recipes.md lists every key."
    try:
        recipe = Recipe.model_validate(record)
    except ValidationError as problem:
        raise RecipeError(" ".join(explain_problems(problem, record)), where=where, field=field, fix=fix) from None
    except UsageError as problem:  # of an augmentation or a way of mixing, which check their own numbers
        key = "mixing" if problem.what.partition(":")[0] in MIXING_KINDS else "augmentations"
        raise RecipeError(f"{key}: {problem.what}", where=where, field=field, fix=problem.fix or fix) from None
    taken = dict(find_booleans(recipe.model_dump(mode="json")))
    for key, value in find_booleans(record):
        if taken.get(key) is value:  # a switch
            continue
        raise RecipeError(f"{key}: expected a number, got {value}.", where=where, field=field, fix=fix)
    return recipe


def apply_overrides(recipe: Recipe, overrides: Overrides) -> Recipe:
    """The recipe with some keys changed, in order.

    Values that the changes leave without effect go back to their defaults: a recipe's `frozen_blocks` where
    `model.freeze=none` thaws them.

    Args:
        recipe: The recipe.
        overrides: Values by key path, or lines "key.path=value" whose values are read as YAML.

    Raises:
        RecipeError: If a line has no "=", a key does not exist, a value is wrong, or a key has no effect beside the
            others.
    """
    record = recipe.model_dump(mode="json")
    named: list[str] = []
    for key, value in _read(overrides):
        if key == "preset" and isinstance(value, str) and value in PRESETS and value != recipe.preset:
            raise RecipeError(
                f"preset={value} would only call the recipe so, and change nothing else.",
                field="overrides",
                fix=f"To start from it, set {options(preset=value)}; to name the recipe, choose another name.",
            )
        _assign(record, key.split("."), _list_out(key, value), key)
        named += _leaves(key, value)
    changed = parse_recipe(record, field="overrides")
    refuse_idle_keys(changed, named)
    changed = reset_idle_values(changed)
    is_changed = bool(named) and bool(recipe.differences(changed))
    return name_changed(changed, resolved=False) if is_changed else changed


def _list_out(key: str, value: Any) -> Any:
    """The list that a policy or a kind stands for, so that the next line can change it."""
    try:
        return _LISTS[key](value) if key in _LISTS else value
    except ValueError:
        return value  # parse_recipe says what is wrong


def override_keys(overrides: Overrides) -> list[str]:
    """The keys that overrides change, in order."""
    return [key for key, _ in _read(overrides)]


def _read(overrides: Overrides) -> Iterable[tuple[str, Any]]:
    if isinstance(overrides, Mapping):
        return overrides.items()
    return map(_read_line, [overrides] if isinstance(overrides, str) else overrides)


def _leaves(key: str, value: Any) -> list[str]:
    """The paths that a line sets."""
    if not isinstance(value, dict):
        return [key]
    return [leaf for name, inner in value.items() for leaf in _leaves(f"{key}.{name}", inner)]


def _read_line(line: str) -> tuple[str, Any]:
    """Key and value of a line "key.path=value"."""
    key, equals, text = line.partition("=")
    if not equals:
        raise RecipeError(
            f"cannot read {line!r}.", field="overrides", fix="Write key.path=value, such as training.epochs=20."
        )
    try:
        return key.strip(), read_plain_yaml(text)
    except yaml.YAMLError as problem:
        shown = line if len(line) <= 200 else f"{line[:200]}..."
        raise RecipeError(
            f"the value of {shown!r} is not plain YAML: {_explain_yaml(problem)}.",
            field="overrides",
            fix="Write key.path=value; quote a value that YAML would read otherwise, such as key='\"a: b\"'.",
        ) from None


def _assign(record: Any, path: Sequence[str], value: Any, key: str) -> None:
    *parents, last = path
    for place, step in enumerate(parents):
        if tuple(parents[:place]) in _NAMED and isinstance(record, dict):
            record.setdefault(step, {})  # the first key of a head's own part
        record = _descend(record, step, key)
    if isinstance(record, list):
        place = _place(record, last, key)
        record[place] = value
    elif isinstance(record, dict):
        # Another kind starts from its own defaults; parse_recipe judges the rest.
        if last == "kind" and record.get("kind") != value:
            record.clear()
        record[last] = _merge(record.get(last), value)
    else:
        raise RecipeError(f"{key!r} goes into a plain value.", field="overrides")


def _merge(old: Any, value: Any) -> Any:
    """The value, with what a mapping does not name kept; a mapping of another kind, or an empty one, keeps nothing."""
    is_partial = isinstance(old, dict) and isinstance(value, dict) and value
    if not is_partial or value.get("kind", old.get("kind")) != old.get("kind"):
        return value
    return old | {key: _merge(old.get(key), item) for key, item in value.items()}


def _descend(record: Any, step: str, key: str) -> Any:
    if isinstance(record, list):
        return record[_place(record, step, key)]
    if not isinstance(record, dict) or step not in record:
        known = list(record) if isinstance(record, dict) else []
        fix = suggest_key(key.split(".")) or f"Known here: {', '.join(known)}."
        raise RecipeError(f"unknown recipe key {key!r}.", field="overrides", fix=fix)
    return record[step]


def _place(record: list[Any], step: str, key: str) -> int:
    if not step.isdigit() or int(step) >= len(record):
        path = key.split(".")
        raise RecipeError(
            f"{key!r}: {step!r} is not a position in a list of {len(record)}.",
            field="overrides",
            fix=suggest_entry(path[: path.index(step) + 1]),
        )
    return int(step)


def load_recipe(path: Path) -> Recipe:
    """A recipe from a YAML file.

    Raises:
        StorageError: If the file cannot be read.
        RecipeError: If there is no such file, it is not YAML, or not a recipe.
    """
    if not path.is_file():
        raise _no_such_recipe(path)
    try:
        record = read_plain_yaml(durable.read_bytes(path))
    except yaml.YAMLError as problem:
        fix = "Write key: value lines; the recipe.yaml of a run is an example."
        raise RecipeError(f"not a plain YAML file: {_explain_yaml(problem)}.", where=path, fix=fix) from None
    if not isinstance(record, dict):
        fix = "Write key: value lines; the recipe.yaml of a run is an example."
        raise RecipeError("not a recipe: expected keys and values.", where=path, fix=fix)
    return parse_recipe(record, where=path)


def _no_such_recipe(path: Path) -> RecipeError:
    beside = sorted(path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
    near = nearest_name(path.name, [other.name for other in beside])
    kind = "a folder" if path.is_dir() else "a pipe or a device" if path.exists() else None
    what = f"this is {kind}, not a recipe file." if kind else "there is no such recipe file."
    fix = f"Did you mean {near!r}?" if near else "Name a YAML file; the recipe.yaml of a run is an example."
    return RecipeError(what, where=path, fix=fix)


def _explain_yaml(problem: yaml.YAMLError) -> str:
    if isinstance(problem, yaml.MarkedYAMLError) and problem.problem_mark is not None:
        return f"line {problem.problem_mark.line + 1}: {problem.problem or problem.context}"
    return str(problem).splitlines()[0]


def write_recipe_text(recipe: Recipe) -> str:
    """The recipe as YAML."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write the recipe as YAML; `load_recipe` reads it."""
    durable.write_text(path, write_recipe_text(recipe))
