"""Runs as `python -m soak.warm`: a process with everything imported that forks a child for each errand, which so
starts at once. `children.py` talks to it: JSON lines, a request and an answer each.
"""

from __future__ import annotations

import importlib
import json
import mmap
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from podium.errors import PodiumError, Stopped

__all__ = ["FAULT", "serve"]

FAULT = 70
"""Exit code of a child that met an error which is not one of Podium's."""

_IMPORTED = (
    "soak.errands",
    "soak.saves",
    "podium.cli.dispatch",
    "podium.cli.train",
    "podium.crossval.carry_on",
    "podium.crossval.start_run",
    "podium.report",
    "podium.report.terminal",
    "cyclopts",
    "rich.progress",
    "pandas",
    "podium.data",
    "podium.store",
    "pyarrow.parquet",
)


def serve() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a person's Ctrl-C is for the program that asks
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})  # children wait for it at their gate
    for name in _IMPORTED:
        importlib.import_module(name)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(_start(*arguments) if verb == "start" else _ask(*arguments)), flush=True)


def _ask(child: int) -> int | None:
    """Exit code of a child, negative for a signal; None while it runs."""
    found, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _start(errand: str, arguments: list[Any], said: str, at: str, is_gated: bool, terminal: str | None) -> int:
    child = os.fork()
    if not child:
        _run(errand, arguments, Path(said), Path(at), is_gated, terminal)
    return child


def _run(errand: str, arguments: list[Any], said: Path, at: Path, is_gated: bool, terminal: str | None) -> NoReturn:
    """Do the errand and leave, whatever happens: a child that came back would answer in the server's place."""
    code = FAULT
    try:
        _take_streams(said, terminal)
        slate = _open_slate(said.with_suffix(".json"))
        os.chdir(at)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        module, _, name = errand.partition(":")
        function = getattr(importlib.import_module(module), name)
        if is_gated:
            said.with_suffix(".gate").touch()
            signal.sigwait({signal.SIGUSR1})
        answer: dict[str, Any]
        try:
            answer = {"value": function(*arguments)}
            code = answer["value"] if isinstance(answer["value"], int) else 0
        except (PodiumError, Stopped) as error:
            answer = error.to_dict()
            code = error.exit_code
        words = json.dumps(answer).encode()[: len(slate)]
        slate[: len(words)] = words
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _take_streams(said: Path, terminal: str | None) -> None:
    """What the child prints goes to a file; the protocol's streams are not its own."""
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(file, 1)
    os.dup2(file if terminal is None else os.open(terminal, os.O_RDWR), 2)
    # Python's own remember whether the server's could seek.
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))


def _open_slate(path: Path) -> mmap.mmap:
    """A file to answer in without a system call: a tracer may make each of those fail."""
    with path.open("w+b") as file:
        file.truncate(1 << 20)
        return mmap.mmap(file.fileno(), 0)


if __name__ == "__main__":
    serve()
