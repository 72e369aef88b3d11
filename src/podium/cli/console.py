"""What a person sees while work goes on: bars and notes on standard error, results on standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from podium.listing import shorten
from podium.machine.styles import wants_styles
from podium.printable import is_harmless, printable

__all__ = ["Console", "print_json", "print_lines"]

_LONGEST_NOTE = 2000


def print_json(record: Mapping[str, Any], *, indent: int | None = 2) -> None:
    """One JSON document on standard output; its notes name options as flags. ASCII where the output is not UTF-8.

    Args:
        record: The document.
        indent: Spaces of an indent; None writes one line.
    """
    from podium.cli.spelling import respell_record

    is_utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    text = json.dumps(respell_record(record), ensure_ascii=not is_utf8, indent=indent, allow_nan=False)
    sys.stdout.write(re.sub(r"[^\n\x20-\x7e]", _as_json, text) + "\n")


def _as_json(found: re.Match[str]) -> str:
    """The character, or where it would command a terminal, its escape in JSON."""
    return found[0] if is_harmless(found[0]) else json.dumps(found[0])[1:-1]


def print_lines(*lines: str) -> None:
    """Result lines on standard output."""
    sys.stdout.write("\n".join(map(printable, lines)) + "\n")


class Console:
    """Progress and notes on standard error.

    Bars are drawn on a terminal that takes styles; elsewhere each stage is one line when it is done, for a log.

    Args:
        quiet: Show cautions only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def stage(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A block of work; gives the function that tells how much of it is done."""
        if self._quiet:
            return _silent()
        title = printable(title)
        return _bar(title, total) if wants_styles(sys.stderr) else _log_line(title)

    def note(self, line: str) -> None:
        """Something the user should read; its options are named as flags. A `Caution` is shown always."""
        from podium.machine.progress import Caution

        is_caution = isinstance(line, Caution)
        if is_caution or not self._quiet:
            text = printable(shorten(_in_flags(line), most=_LONGEST_NOTE))
            sys.stderr.write(f"{'caution' if is_caution else 'note'}: {text}\n")


def _in_flags(line: str) -> str:
    if "`" not in line:
        return line
    from podium.cli.spelling import respell

    return respell(line)


@contextmanager
def _silent() -> Iterator[Callable[[int], None]]:
    yield lambda _done: None


@contextmanager
def _log_line(title: str) -> Iterator[Callable[[int], None]]:
    import time

    started, latest = time.monotonic(), 0

    def update(done: int) -> None:
        nonlocal latest
        latest = done

    yield update
    sys.stderr.write(f"{title}: {latest:,} in {time.monotonic() - started:.1f} s\n" if latest else "")


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=RichConsole(stderr=True)) as progress:
        task = progress.add_task(title, total=total)

        def update(done: int) -> None:
            progress.update(task, completed=done)

        yield update
