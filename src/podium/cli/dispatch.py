"""One command found, its arguments parsed, its errors printed and turned into an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from podium.cli import COMMANDS
from podium.cli.complaint import name_system_error, print_error, print_fault
from podium.errors import Interrupted, PodiumError, Stopped, UnknownNameError
from podium.machine.styles import wants_styles
from podium.machine.tuning import tune_process

__all__ = ["ignore_stops", "run_command"]

RUN_A_NETWORK = {"demo", "predict", "train"}
"""Commands whose process is tuned, before they import torch."""
_HOW_TO_CONTINUE = (
    "Finished work is kept: run the same command again, or continue a run with podium train --resume last."
)


class _Terminated(BaseException):
    """SIGTERM. Like KeyboardInterrupt no Exception: whoever expects a broken image or option would take it for one."""


def run_command(arguments: Sequence[str]) -> int:
    """Run `arguments[0]` with the rest; gives the exit code.

    A command's module is imported only when it is the one that was asked for.
    """
    as_json, verbose = "--json" in arguments, not {"--verbose", "-v"}.isdisjoint(arguments)
    _prepare_streams()
    try:
        with _listening_for_sigterm():
            code = _run(arguments)
            sys.stdout.flush()  # here, where a reader that went away can still be answered
        return code
    except BrokenPipeError:
        # The reader of our output went away (`podium runs | head`); Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _Terminated:
        return _end(Stopped("stopped by a signal (SIGTERM).", fix=_HOW_TO_CONTINUE), as_json=as_json)
    except PodiumError as error:
        return _end(error, as_json=as_json, verbose=verbose, arguments=arguments)
    except KeyboardInterrupt:
        return _end(Interrupted("stopped by Ctrl-C.", fix=_HOW_TO_CONTINUE), as_json=as_json)
    except (OSError, MemoryError) as error:
        return _end(name_system_error(error), as_json=as_json, verbose=verbose)
    except Exception as fault:
        print_fault(fault, as_json=as_json)
        return 1


def ignore_stops() -> None:
    """Lets no signal change the exit code of a process whose command has ended; what is left takes milliseconds."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _prepare_streams() -> None:
    """Output streams that exist and take every character: a closed one, an old console or a file name that is no
    text must not end a training that is done."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())  # nobody reads it
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _listening_for_sigterm() -> Iterator[None]:
    """SIGTERM as an error, so that it ends with its own exit code and workers are taken leave of; training, which can
    stop between two steps, listens for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(error: PodiumError, *, as_json: bool, verbose: bool = False, arguments: Sequence[str] | None = None) -> int:
    print_error(error, as_json=as_json, verbose=verbose, arguments=arguments)
    return error.exit_code


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0]
    if name not in COMMANDS:
        raise UnknownNameError("command", name, COMMANDS)
    from cyclopts import CycloptsError

    from podium.cli.commands import make_app
    from podium.cli.wrong_usage import explain

    if name in RUN_A_NETWORK:
        tune_process()
    app = make_app(name)
    if not {"--help", "-h"}.isdisjoint(arguments) and not wants_styles(sys.stdout):
        from rich.console import Console

        app.console = Console(color_system=None)
    try:
        result = app(arguments[1:], exit_on_error=False, print_error=False, help_on_error=False)
    except CycloptsError as problem:
        raise explain(problem, name) from None
    return result if isinstance(result, int) else 0
