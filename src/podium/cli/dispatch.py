"""One command found, its arguments parsed, its errors printed and turned into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from podium.cli import COMMANDS
from podium.errors import Interrupted, PodiumError, UnknownNameError

__all__ = ["run_command"]


def run_command(arguments: Sequence[str]) -> int:
    """Run `arguments[0]` with the rest; gives the exit code.

    A command's module is imported only when it is the one that was asked for.
    """
    as_json = "--json" in arguments
    try:
        return _run(arguments)
    except PodiumError as error:
        _print_error(error, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        _print_error(Interrupted("interrupted."), as_json=as_json)
        return Interrupted.exit_code
    except BrokenPipeError:
        # The reader of our output went away (`podium runs | head`); Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0]
    if name not in COMMANDS:
        raise UnknownNameError("command", name, COMMANDS)
    from cyclopts import App, CycloptsError

    verb = getattr(importlib.import_module(f"podium.cli.{name}"), name)
    app = App(
        name=f"podium {name}",
        help_format="markdown",
        version_flags=[],
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # else Ctrl-C ends the process in there, without a word
    )
    app.default(verb)
    try:
        result = app(arguments[1:], exit_on_error=False, print_error=True, help_on_error=False)
    except CycloptsError:
        sys.stderr.write(f"podium {name} --help lists the options.\n")
        return 2
    return result if isinstance(result, int) else 0


def _print_error(error: PodiumError, *, as_json: bool) -> None:
    if as_json:
        import json

        sys.stdout.write(json.dumps(error.as_record(), ensure_ascii=False) + "\n")
    sys.stderr.write(f"podium: {error}\n")
    for line in error.details:
        sys.stderr.write(f"  {line}\n")
