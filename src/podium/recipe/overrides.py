"""Recipes from files and from `key.path=value`, with unknown keys named beside the nearest known one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from podium import durable
from podium.errors import RecipeError
from podium.near_names import find_synonym, nearest_name
from podium.recipe.idle_keys import refuse_idle_keys, reset_idle_values
from podium.recipe.recipe import Recipe
from podium.store import read_plain_yaml

Overrides = Mapping[str, Any] | Sequence[str]
"""Changes of a recipe: {"training.epochs": 20}, or lines ["training.epochs=20"]."""

__all__ = [
    "Overrides",
    "apply_overrides",
    "load_recipe",
    "override_keys",
    "parse_recipe",
    "recipe_keys",
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
    try:
        return Recipe.model_validate(record)
    except ValidationError as problem:
        raise RecipeError(
            " ".join(_explain(problem, record)), where=where, field=field, fix="docs/recipes.md lists every key."
        ) from None


def _explain(problem: ValidationError, record: Mapping[str, Any]) -> list[str]:
    return [_explain_one(item, record) for item in problem.errors(include_url=False)[:10]]


def _explain_one(item: Any, record: Mapping[str, Any]) -> str:
    place = _written_path(item["loc"], record)
    name = ".".join(place) or "recipe"
    if item["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        near = _nearest_key(place)
        return f"unknown recipe key {name!r}." + (f" Did you mean {near!r}?" if near is not None else "")
    message = item["msg"].removeprefix("Value error, ")
    return f"{name}: {message}, got {item['input']!r}." if place else f"{message}."


def _nearest_key(path: Sequence[str]) -> str | None:
    """The key that was most likely meant, as a whole path where a recipe has one that ends so."""
    dotted = recipe_keys()
    near = find_synonym(path[-1], dotted) or nearest_name(".".join(path), dotted)
    if near is not None and near not in ".".join(path):
        return near
    near = nearest_name(path[-1], _known_keys(Recipe))
    return next((key for key in dotted if key.endswith(f".{near}")), near if near != path[-1] else None)


def _written_path(location: Sequence[str | int], record: Any) -> list[str]:
    """The keys as a user writes them: pydantic's location without the kinds of alternatives."""
    path = []
    for step in location:
        if isinstance(record, Mapping) and step not in record and record.get("kind") == step:
            continue
        path.append(str(step))
        is_inside = (isinstance(record, Mapping) and step in record) or isinstance(record, list | tuple)
        record = record[step] if is_inside else None
    return path


def recipe_keys() -> list[str]:
    """Every key of a recipe as a dotted path, such as "training.epochs"; of alternatives, the keys of the default."""
    return list(_dotted(Recipe().model_dump(mode="json"), ""))


def _dotted(record: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in record.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")


def _known_keys(kind: Any) -> Iterator[str]:
    """Every key below a type: of models and dataclasses, and of those that unions and tuples hold."""
    for inner in get_args(kind):
        yield from _known_keys(inner)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, spec in kind.model_fields.items():
            yield name
            yield from _known_keys(spec.annotation)
    elif isinstance(kind, type) and is_dataclass(kind):
        yield from (item.name for item in fields(kind))


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
        _assign(record, key.split("."), value, key)
        named += _leaves(key, value)
    changed = parse_recipe(record, field="overrides")
    refuse_idle_keys(changed, named)
    return reset_idle_values(changed)


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
    for step in parents:
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
        near = _nearest_key(key.split("."))
        fix = f"Did you mean {near!r}?" if near else f"Known here: {', '.join(known)}."
        raise RecipeError(f"unknown recipe key {key!r}.", field="overrides", fix=fix)
    return record[step]


def _place(record: list[Any], step: str, key: str) -> int:
    if not step.isdigit() or int(step) >= len(record):
        raise RecipeError(f"{key!r}: {step!r} is not a position in a list of {len(record)}.", field="overrides")
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
    what = "this is a folder, not a recipe file." if path.is_dir() else "there is no such recipe file."
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
