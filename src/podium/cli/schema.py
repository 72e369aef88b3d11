"""podium schema."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from cyclopts import Parameter

from podium import __version__
from podium.cli import COMMANDS, EXIT_CODES
from podium.cli.commands import list_arguments
from podium.cli.console import print_json
from podium.cli.flags import RUN, ResultFlags
from podium.errors import UnknownNameError

if TYPE_CHECKING:
    from cyclopts.argument import Argument

__all__ = ["schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(
    *commands: Annotated[str, Parameter(name=["COMMANDS"], group=RUN)],
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Print every command, its options, exit codes and the document of its `--json` as JSON Schema, for programs.

    Example: podium schema train

    Args:
        commands: Commands to describe (default: all).
    """
    for name in commands:
        if name not in COMMANDS:
            raise UnknownNameError("command", name, COMMANDS)
    print_json(_describe(commands or tuple(COMMANDS)))
    return 0


def _describe(commands: tuple[str, ...]) -> dict[str, Any]:
    from podium.cli.documents import ErrorDocument

    return {
        "podium": __version__,
        "exit_codes": {str(code): meaning for code, meaning in EXIT_CODES.items()},
        "commands": {name: _command(name) for name in commands},
        "error": {"$schema": _DIALECT} | ErrorDocument.model_json_schema(),
    }


def _command(name: str) -> dict[str, Any]:
    from pydantic import TypeAdapter

    from podium.cli.documents import documents_of

    arguments = list(list_arguments(name))
    options = {
        "$schema": _DIALECT,
        "type": "object",
        "properties": {argument.field_info.name: _option(argument) for argument in arguments},
        "required": [argument.field_info.name for argument in arguments if argument.required],
        "additionalProperties": False,
    }
    kinds: Any = Union[documents_of(name)]  # noqa: UP007 - made of a tuple
    document = {"$schema": _DIALECT} | TypeAdapter(kinds).json_schema()
    return {"about": COMMANDS[name], "options": options, "document": document}


def _option(argument: Argument) -> dict[str, Any]:
    """JSON Schema of one option, with how it is written in a shell."""
    from pydantic import TypeAdapter

    found: dict[str, Any] = TypeAdapter(_plain(argument.hint)).json_schema()
    if argument.parameter.help:
        found["description"] = argument.parameter.help
    default = argument.field_info.default
    if default not in (None, inspect.Parameter.empty):
        found["default"] = _plain_value(default)
    return found | dict(_spelling(argument))


def _spelling(argument: Argument) -> Iterator[tuple[str, Any]]:
    if argument.index is not None:
        yield "x-position", argument.index
        return
    yield "x-flags", list(dict.fromkeys(argument.names))
    if argument.negatives:
        yield "x-off-flags", list(argument.negatives)


def _plain(hint: Any) -> Any:
    """A hint without None: an option that is not given has no value."""
    if get_origin(hint) in (Union, UnionType):
        return next(inner for inner in get_args(hint) if inner is not type(None))
    return hint


def _plain_value(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
