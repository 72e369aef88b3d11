"""The commands as parsers: each verb's function made into a cyclopts app, and the options found in it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from cyclopts import App, Parameter

from podium.cli import EXIT_CODES

if TYPE_CHECKING:
    from cyclopts.argument import Argument

__all__ = ["list_arguments", "load_verb", "make_app"]


def load_verb(command: str) -> Callable[..., int]:
    """The function of a command; its module is imported only now."""
    name = command.replace("-", "_")
    verb: Callable[..., int] = getattr(importlib.import_module(f"podium.cli.{name}"), name)
    for holder in (verb, *filter(is_dataclass, get_type_hints(verb).values())):
        holder.__doc__ = _unwrap(holder.__doc__ or "")
    return verb


def _unwrap(text: str) -> str:
    """A docstring with every argument's text in one line: the help breaks lines where the terminal ends.

    Example:
        >>> _unwrap("Args:\\n        x: One\\n            text.\\n        y: Another.")
        'Args:\\n        x: One text.\\n        y: Another.'
    """
    return re.sub(r"\n {9,}(?=\S)", " ", text)


def make_app(command: str) -> App:
    """The parser of a command, with its `--help`."""
    app = App(
        name=f"podium {command}",
        help_format="plaintext",
        help_epilogue="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
        version_flags=[],
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # else Ctrl-C ends the process in there, without a word
        default_parameter=Parameter(negative=(), show_default=_show_default),
    )
    app["--help"].show = False  # else it fills a box of its own
    app.default(load_verb(command))
    return app


def list_arguments(command: str) -> Iterator[Argument]:
    """Every argument and option of a command, in the order of its signature."""
    collection = make_app(command).assemble_argument_collection(parse_docstring=True)
    return (argument for argument in collection if argument.show)


def _show_default(value: Any) -> Any:
    """A default worth showing: not "off" and not "nothing"."""
    return None if value is False or value == () else value
