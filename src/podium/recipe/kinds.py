"""Parts of a recipe that come in kinds, such as losses: which kinds there are, and which keys each has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from podium.listing import list_some
from podium.near_names import nearest_name
from podium.recipe.known_keys import nearest_key, recipe_keys
from podium.recipe.recipe import Recipe

__all__ = ["kinds_at", "suggest_entry", "suggest_key", "suggest_kind"]


def kinds_at(path: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The kinds that the part at a path may be of, with the keys of each; empty where a path leads to no such part.

    Entries of a list have numbers, and those of a mapping any name.

    Example:
        >>> sorted(kinds_at(["loss", "single"]))[:2], kinds_at(["augmentations", "0"])["grayscale"]
        (['cross_entropy', 'focal'], ('probability',))
        >>> kinds_at(["training"])
        {}
    """
    types: list[Any] = [Recipe]
    for step in path:
        types = [inner for kind in types for inner in _below(kind, step)]
    return {name: tuple(_fields(kind)) for kind in types if (name := _kind_of(kind)) is not None}


def suggest_key(path: Sequence[str]) -> str:
    """What to say about an unknown key: the kinds that have it, or the nearest key; "" where nothing is near.

    Example:
        >>> suggest_key(["loss", "single", "gamma"])
        "It is a key of kind 'focal': set loss.single.kind=focal before it."
        >>> suggest_key(["training", "epoch"])
        "Did you mean 'training.epochs'?"
    """
    *parent, last = path
    owners = [kind for kind, keys in kinds_at(parent).items() if last in keys]
    if owners:
        place = ".".join(parent)
        first = f"set {place}.kind={owners[0]} before it"
        return f"It is a key of kind {list_some(list(map(repr, owners)), most=4)}: {first}."
    near = nearest_key(path)
    if near in recipe_keys():
        return f"Did you mean {near!r}?"
    here = kinds_at(parent)
    if here:
        near = nearest_name(last, {key for keys in here.values() for key in keys})
    homes = [(".".join(parent), kind) for kind, keys in here.items() if near in keys] or list(_places_with(near))
    if near is None or not homes:
        return "" if near is None else f"Did you mean {near!r}?"
    place, kind = max(homes, key=lambda home: (home[1] in parent, len({*home[0].split(".")} & {*parent})))
    return f"Did you mean {near!r}, a key of {place}.kind={kind}?"


def suggest_entry(path: Sequence[str]) -> str:
    """How to set what somebody wrote as `list.NAME`, where entries of a list have numbers.

    Example:
        >>> suggest_entry(["augmentations", "grayscal"])
        'Set the whole list, such as augmentations=[{kind: grayscale}].'
    """
    *parent, step = path
    place, kinds = ".".join(parent), kinds_at([*parent, "0"])
    if not kinds:
        return f"Set the whole list: {place}=[...]."
    near = None if step.isdigit() else nearest_name(step, kinds)
    whole = f"Set the whole list, such as {place}=[{{kind: {near or next(iter(kinds))}}}]."
    if near is not None or step.isdigit():
        return whole
    other = suggest_key([step])
    return f"{other} {whole}" if other else f"{whole} Kinds: {', '.join(kinds)}."


def suggest_kind(path: Sequence[str], given: Any) -> str:
    """How to write a part whose kind stands alone or is missing; "" where there is nothing to say.

    Example:
        >>> suggest_kind(["loss", "single"], "focal"), suggest_kind(["loss", "single"], {"gamma": 2})
        ('Write loss.single.kind=focal.', "Kinds with these keys: 'focal'.")
    """
    place, kinds, entries = ".".join(path), kinds_at(path), kinds_at([*path, "0"])
    if isinstance(given, str):
        near = nearest_name(given, kinds or entries)
        if near is None:
            return f"Kinds: {', '.join(kinds or entries)}." if kinds or entries else ""
        whole = f"[{{kind: {near}}}]" if not kinds else f"{{kind: {near}}}"
        return f"Write {place}.kind={near}." if kinds and not place[-1:].isdigit() else f"Write {whole}."
    if isinstance(given, dict) and kinds and "kind" not in given:
        owners = [repr(kind) for kind, keys in kinds.items() if set(given) <= set(keys)]
        return f"Kinds with these keys: {', '.join(owners)}." if given and owners else f"Kinds: {', '.join(kinds)}."
    return ""


def _places_with(key: str | None) -> Iterator[tuple[str, str]]:
    """Places of parts that come in kinds, outside of lists, and the kinds there that have a key."""
    for place in _parts(Recipe, ""):
        for kind, keys in kinds_at(place.split(".")).items():
            if key in keys:
                yield place, kind


def _parts(holder: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, spec in holder.model_fields.items():
        for kind in _flatten(spec.annotation):
            if _kind_of(kind) is not None:
                yield prefix + name
                break
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _parts(kind, f"{prefix}{name}.")


def _below(kind: Any, step: str) -> list[Any]:
    """The types that stand below one at a key, a number or a name."""
    arguments = get_args(kind)
    if get_origin(kind) in (tuple, list):
        return _flatten(arguments[0]) if step.isdigit() else []
    if get_origin(kind) is dict:
        return _flatten(arguments[1])
    annotation = _fields(kind, with_kind=True).get(step)
    return [] if annotation is None else _flatten(annotation)


def _flatten(annotation: Any) -> list[Any]:
    """The alternatives of a type."""
    if get_origin(annotation) is Annotated:
        return _flatten(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for inner in get_args(annotation) for kind in _flatten(inner)]
    return [annotation]


def _fields(kind: Any, *, with_kind: bool = False) -> dict[str, Any]:
    """The keys of a part and their types."""
    found: dict[str, Any] = {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found = {name: spec.annotation for name, spec in kind.model_fields.items()}
    elif isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        found = {item.name: hints[item.name] for item in fields(kind)}
    return {name: annotation for name, annotation in found.items() if with_kind or name != "kind"}


def _kind_of(kind: Any) -> str | None:
    """The word that names a kind; None for parts that come in one kind only."""
    words = get_args(_fields(kind, with_kind=True).get("kind"))
    return str(words[0]) if len(words) == 1 else None
