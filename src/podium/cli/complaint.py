"""An error as a person or a program reads it: one line, the first ten lines behind it, the whole list in a file."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from podium.errors import PodiumError, StorageError

__all__ = ["name_system_error", "print_error", "print_fault"]

SHOWN = 10


def print_error(
    error: PodiumError, *, as_json: bool, verbose: bool = False, arguments: Sequence[str] | None = None
) -> None:
    """One line on standard error with the first of its details; with `--json` also one document on standard output.

    Args:
        error: The error; its options are named as flags from here on.
        as_json: Whether to print the document.
        verbose: Whether to print all details, and the traceback with the errors that caused this one.
        arguments: The command that failed, to print it with the options that let it go through.
    """
    error = _in_flags(error)
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
    sys.stderr.write("\n".join(_printable(line) for line in lines) + "\n")


def _retry(error: PodiumError, arguments: Sequence[str] | None) -> dict[str, str]:
    """The command to copy, if the error names options that settle it."""
    if not error.retry or not arguments:
        return {}
    from podium.cli.retry import retry_command

    return {"command": retry_command(arguments, error.retry)}


def _in_flags(error: PodiumError) -> PodiumError:
    """The error with flags for the names of options."""
    if error.field is None and "`" not in "".join((error.what, error.fix or "", *error.details)):
        return error
    from podium.cli.spelling import flag_of, respell

    error.what = respell(error.what)
    error.field = None if error.field is None else flag_of(error.field)
    error.fix = None if error.fix is None else respell(error.fix)
    error.details = tuple(map(respell, error.details))
    return error


def name_system_error(error: OSError | MemoryError) -> PodiumError:
    """What the operating system refused, for the rare place that nobody foresaw."""
    if isinstance(error, MemoryError):
        named = PodiumError("out of memory.", fix="Use smaller images or batches, or close other programs.")
    else:
        reason = error.strerror or str(error) or type(error).__name__
        named = StorageError(f"the operating system refused: {reason}.", where=error.filename)
    named.__cause__ = error
    return named


def print_fault(fault: Exception, *, as_json: bool) -> None:
    """A fault of Podium's own, with everything that helps to mend it."""
    traceback.print_exception(fault)
    last = traceback.format_exception_only(fault)[-1].strip()
    print_error(
        PodiumError(f"this is a bug in Podium, not your mistake: {last}", fix="Please report it."), as_json=as_json
    )


def _keep_details(error: PodiumError) -> str:
    """Write the whole list into a new file of the temporary folder, where it can replace nobody's; says where."""
    import secrets
    import tempfile

    from podium import durable

    path = Path(tempfile.gettempdir()) / f"podium-{secrets.token_hex(6)}" / "details.txt"
    try:
        durable.write_text(path, "\n".join(map(_printable, (str(error), *error.details))) + "\n")
    except PodiumError:
        return "."
    return f"; all {len(error.details):,} are in {path}"


def _printable(line: str) -> str:
    """The line without what would break it or a terminal: line breaks, control characters, half of a character."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in line
    )
