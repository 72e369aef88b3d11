"""What is wrong with a recipe, key by key: what was got, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from reprlib import Repr
from typing import Any

from pydantic import ValidationError

from podium.near_names import nearest_name
from podium.recipe.kinds import suggest_key, suggest_kind

__all__ = ["explain_problems", "find_booleans", "show_value"]

_MOST_PROBLEMS = 10
_MOST_CHARACTERS = 60
_KINDS = {
    "model_type": "keys and values",
    "dataclass_type": "keys and values",
    "model_attributes_type": "keys and values",
    "dict_type": "keys and values",
    "tuple_type": "a list",
    "string_type": "text",
    "string_too_short": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "union_tag_not_found": "keys and values with a kind",
}
"""Pydantic's names of mistakes, and what is expected instead."""
_LACK_A_KIND = {"model_type", "dataclass_type", "model_attributes_type", "tuple_type", "union_tag_not_found"}


def explain_problems(problem: ValidationError, record: Mapping[str, Any]) -> list[str]:
    """A sentence for each key that is wrong, the first ten.

    Args:
        problem: What pydantic says about the record.
        record: The recipe as plain data.
    """
    found: dict[str, list[Any]] = {}
    for item in problem.errors(include_url=False):
        found.setdefault(".".join(_written_path(item["loc"], record)), []).append(item)
    return [_explain(name, items) for name, items in list(found.items())[:_MOST_PROBLEMS]]


def show_value(value: Any) -> str:
    """The value as Python writes it, shortened where it is long."""
    short = Repr()
    short.maxstring = short.maxother = short.maxlong = _MOST_CHARACTERS
    if isinstance(value, int) and abs(value) >= 10**_MOST_CHARACTERS:
        return f"a number of about {value.bit_length() * 30103 // 100000 + 1:,} digits"  # too long for Python to write
    return short.repr(value)


def find_booleans(record: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Every true or false in plain data, with the key that it is written under. Pydantic would read 1 and 0."""
    if isinstance(record, bool):
        yield ".".join(path), record
    elif isinstance(record, Mapping):
        for name, value in record.items():
            yield from find_booleans(value, (*path, str(name)))
    elif isinstance(record, list | tuple):
        for place, value in enumerate(record):
            yield from find_booleans(value, (*path, str(place)))


def _explain(name: str, items: Sequence[Any]) -> str:
    """What is wrong with one key; of alternatives, such as a number or "auto", each says what it expects."""
    item = items[0]
    if item["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"unknown recipe key {_shorten(name)!r}. {suggest_key(name.split('.'))}".rstrip()
    if item["type"] == "union_tag_invalid":
        return _explain_choice(f"{name}.kind", item["ctx"]["expected_tags"], item["ctx"]["tag"])
    if item["type"] == "literal_error" and len(items) == 1:
        return _explain_choice(name, item["ctx"]["expected"], item["input"])
    if item["type"] == "value_error":
        message = item["msg"].removeprefix("Value error, ")
        return f"{_shorten(name)}: {message}, got {show_value(item['input'])}." if name else f"{message}."
    if item["type"] == "missing" and isinstance(item["loc"][-1], str):
        key = f"{_shorten(name)}.{item['loc'][-1]}" if name else str(item["loc"][-1])
        return f"{key} is missing, expected beside {show_value(item['input'])}."
    expected = " or ".join(dict.fromkeys(map(_expected, items)))
    hint = suggest_kind(name.split("."), item["input"]) if item["type"] in _LACK_A_KIND else ""
    return f"{_shorten(name) or 'recipe'}: expected {expected}, got {show_value(item['input'])}. {hint}".rstrip()


def _explain_choice(name: str, expected: str, given: Any) -> str:
    """One of a few words; pydantic writes them with quotes, and commas between."""
    *others, last = (word.strip(" '") for word in expected.replace(" or ", ",").split(","))
    near = nearest_name(given, (*others, last)) if isinstance(given, str) else None
    hint = f" Did you mean {near!r}?" if near is not None else ""
    listed = " or ".join(filter(None, (", ".join(map(repr, others)), repr(last))))
    return f"{name}: expected {listed}, got {show_value(given)}.{hint}"


def _expected(item: Any) -> str:
    kind, context = item["type"], item.get("ctx", {})
    for name, words in (
        ("gt", "greater than"),
        ("ge", "of at least"),
        ("lt", "less than"),
        ("le", "of at most"),
    ):
        if kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"} and name in context:
            return f"a number {words} {context[name]}"
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "missing":
        return "more values"
    if kind in {"too_long", "too_short"}:
        return str(item["msg"]).removeprefix("Tuple should have ")
    return _KINDS.get(kind) or str(item["msg"]).removeprefix("Input should be ")


def _shorten(name: str) -> str:
    return name if len(name) <= 2 * _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}..."


def _written_path(location: Sequence[str | int], record: Any) -> list[str]:
    """The keys as a user writes them: pydantic's location without the kinds and types of alternatives."""
    path: list[str] = []
    for step in location:
        if isinstance(record, Mapping):
            if step not in record:  # the kind or type of an alternative: a key that is missing has a default
                continue
            record = record[step]
        elif isinstance(record, list | tuple) and isinstance(step, int):
            record = record[step] if step < len(record) else None
        elif record is not None or path:
            # A plain value has no keys of its own, so that this is a type that it was compared with.
            continue
        path.append(str(step))
    return path
