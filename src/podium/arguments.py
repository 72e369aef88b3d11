"""Wrong keyword arguments answered with the right name: `podium.train(lables=...)` says "Did you mean labels=?"."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, ParamSpec, TypeVar

from podium.errors import ArgumentError, UsageError
from podium.near_names import find_synonyms, nearest_name

__all__ = ["Elsewhere", "refuse_unknown", "strict_arguments", "strict_fields", "tidy_texts"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

Elsewhere = Callable[[], Mapping[str, str]]
"""Names that belong into another argument, and how to write them there; called only when a name was wrong."""


def strict_arguments(elsewhere: Elsewhere = dict) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the function, with an error that names the nearest argument where Python's TypeError would not.

    Example:
        >>> @strict_arguments()
        ... def double(number: int) -> int:
        ...     return 2 * number
        >>> double(nubmer=2)
        Traceback (most recent call last):
        podium.errors.ArgumentError: double() has no argument 'nubmer'. Did you mean number=...?
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known = [name for name in inspect.signature(function).parameters if name != "self"]

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            refuse_unknown(function.__name__, kwargs, known, elsewhere)
            return function(*args, **kwargs)

        return checked

    return decorate


def strict_fields(kind: type[C]) -> type[C]:
    """A decorator for a class: the same for the arguments that make one."""
    make = kind.__init__
    known = [name for name in inspect.signature(make).parameters if name != "self"]

    @functools.wraps(make)
    def checked(self: C, *args: object, **kwargs: object) -> None:
        refuse_unknown(kind.__name__, kwargs, known)
        make(self, *args, **kwargs)

    kind.__init__ = checked  # type: ignore[method-assign, assignment]
    return kind


def refuse_unknown(function: str, given: Iterable[str], known: Iterable[str], elsewhere: Elsewhere = dict) -> None:
    """Raise unless every given name is known.

    Args:
        function: Name of the function or class that was called.
        given: Names of the arguments it was given.
        known: Names that it takes.
        elsewhere: Names that belong into another argument.

    Raises:
        ArgumentError: Names the first unknown argument, and what was most likely meant.
    """
    names = dict.fromkeys(known)
    wrong = next((name for name in given if name not in names), None)
    if wrong is None:
        return
    ways = {**elsewhere(), **{name: f"{name}=..." for name in names}}
    near = nearest_name(wrong, ways)
    meant = [name for name in find_synonyms(wrong, ways) if name in names] or ([] if near is None else [near])
    fix = f"Did you mean {' or '.join(ways[name] for name in meant)}?" if meant else f"It takes {', '.join(names)}."
    raise ArgumentError(f"{function}() has no argument {wrong!r}.", fix=fix)


def tidy_texts(options: Any) -> None:
    """Check the fields of frozen options that hold a text or several: one text becomes a tuple of one, not of letters.

    Args:
        options: A dataclass whose annotations are texts.

    Raises:
        UsageError: If a field that holds a text, or one of several texts, is something else.
    """
    for item in fields(options):
        value = getattr(options, item.name)
        if item.type == "str | None" and not isinstance(value, str | None):
            raise _no_text(item.name, value, "Give one name.")
        if item.type == "tuple[str, ...]":
            found = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
            if not all(isinstance(text, str) for text in found):
                raise _no_text(item.name, value, "Give a list of names.")
            object.__setattr__(options, item.name, found)


def _no_text(field: str, value: object, fix: str) -> UsageError:
    return UsageError(f"expected text, got {type(value).__name__}: {value!r:.80}", field=field, fix=fix)
