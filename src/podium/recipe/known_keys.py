"""The keys that a recipe has, and the one that somebody meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import SequenceMatcher
from typing import Any, get_args

from pydantic import BaseModel

from podium.near_names import find_synonym, nearest_name
from podium.recipe.recipe import Recipe

__all__ = ["nearest_key", "recipe_keys"]


def recipe_keys() -> list[str]:
    """Every key of a recipe as a dotted path, such as "training.epochs"; of alternatives, the keys of the default."""
    return list(_dotted(Recipe().model_dump(mode="json"), ""))


def _dotted(record: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in record.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")


def nearest_key(path: Sequence[str]) -> str | None:
    """The key that was most likely meant, as a whole path where a recipe has one that ends so.

    Its last part decides; what stands before it tells keys of one name apart.
    """
    dotted = recipe_keys()
    synonym = find_synonym(path[-1], dotted)
    if synonym is not None:
        return synonym
    near = nearest_name(path[-1], _known_keys(Recipe))
    whole = [key for key in dotted if key.rpartition(".")[2] == near]
    best = max(whole, key=lambda key: SequenceMatcher(None, key, ".".join(path)).ratio(), default=near)
    is_of_another_part = best in dotted and path[0] in Recipe.model_fields and path[0] != best.partition(".")[0]
    if is_of_another_part and near != path[-1]:
        return None  # optimizer.beta1 is not loss.single.beta
    return best if best != ".".join(path) else None


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
