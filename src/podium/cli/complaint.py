"""An error as a person or a program reads it: one line, the first ten lines behind it, the whole list in a file."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from podium.errors import Explained, PodiumError
from podium.printable import printable

__all__ = ["print_error", "print_fault"]

SHOWN = 10


def print_error(
    error: Explained, *, as_json: bool, verbose: bool = False, arguments: Sequence[str] | None = None
) -> None:
    """One line on standard error with the first of its details; with `--json` also one document on standard output.

    Args:
        error: The error; its options are named as flags from here on.
        as_json: Whether to print the document.
        verbose: Whether to print all details, and the traceback with the errors that caused this one.
        arguments: The command that failed, to print it with the options that let it go through.
    """
    error = _in_flags(error, _runs_of(arguments or ()))
    again = _retry(error, arguments)
    if as_json:
        sys.stdout.write(json.dumps(error.to_dict() | again, ensure_ascii=True) + "\n")
    shown = len(error.details) if verbose else SHOWN
    lines = [f"podium: {error}", *(f"  {line}" for line in error.details[:shown])]
    if len(error.details) > shown:
        left = f"  ... and {len(error.details) - SHOWN:,} more"
        lines.append(left if as_json else left + _keep_details(error))
    lines += [f"  to go on: {command}" for command in again.values()]
    if verbose:
        lines = [line for part in traceback.format_exception(error) for line in part.rstrip().splitlines()] + lines
    sys.stderr.write("\n".join(printable(line) for line in lines) + "\n")


def _retry(error: Explained, arguments: Sequence[str] | None) -> dict[str, str]:
    """The command to copy, if the error names options that settle it."""
    if not error.retry or not arguments:
        return {}
    from podium.cli.retry import retry_command

    return {"command": retry_command(arguments, error.retry)}


def _runs_of(arguments: Sequence[str]) -> Path:
    """The folder of runs that a command was given."""
    for place, word in enumerate(arguments):
        option, equals, folder = word.partition("=")
        if option == "--runs":
            return Path(folder if equals else "".join(arguments[place + 1 : place + 2]))
    return Path("runs")


def _in_flags(error: Explained, runs: Path) -> Explained:
    """The error with flags for the names of options."""
    if error.field is None and "`" not in "".join((error.what, error.fix or "", *error.details)):
        return error
    from podium.cli.spelling import flag_of, respell

    error.what = respell(error.what, runs=runs)
    error.field = None if error.field is None else flag_of(error.field)
    error.fix = None if error.fix is None else respell(error.fix, runs=runs)
    error.details = tuple(respell(line, runs=runs) for line in error.details)
    return error


def print_fault(fault: Exception, *, as_json: bool) -> None:
    """A fault of Podium's own, with everything that helps to mend it."""
    sys.stderr.write("".join(printable(line, keep="\n") for line in traceback.format_exception(fault)))
    last = traceback.format_exception_only(fault)[-1].strip()
    print_error(
        PodiumError(f"this is a bug in Podium, not your mistake: {last}", fix="Please report it."), as_json=as_json
    )


def _keep_details(error: Explained) -> str:
    """Write the whole list into a new file of the temporary folder, where it can replace nobody's; says where."""
    import secrets
    import tempfile

    from podium import durable

    path = Path(tempfile.gettempdir()) / f"podium-{secrets.token_hex(6)}" / "details.txt"
    try:
        durable.write_text(path, "\n".join(map(printable, (str(error), *error.details))) + "\n")
    except PodiumError:
        return "."
    return f"; all {len(error.details):,} are in {path}"
