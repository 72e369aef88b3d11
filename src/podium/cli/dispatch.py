"""One command found, its arguments parsed, its errors printed and turned into an exit code."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from podium.cli import COMMANDS
from podium.cli.complaint import print_error, print_fault
from podium.errors import Explained, Interrupted, PodiumError, Stopped, StorageError, UnknownNameError, UsageError
from podium.machine.place_in_team import LeaderEnded, place_in_team
from podium.machine.refusals import name_refusal
from podium.machine.streams import LossyStream, lossy_streams
from podium.machine.styles import wants_styles
from podium.machine.tuning import tune_process
from podium.own_parts import load_named_parts, load_parts
from podium.stopping import TERMINATIONS, is_ignored

__all__ = ["ignore_stops", "run_command"]

RUN_A_NETWORK = {"audit", "demo", "evaluate", "export", "lr-find", "predict", "pseudo", "refit", "rerun", "train"}
"""Commands whose process is tuned, before they import torch."""
_HOW_TO_CONTINUE = (
    "Finished work is kept: run the same command again, or continue a run with podium train --resume last."
)


_ONLY_PRINT = {"env", "runs", "scan"}
"""Commands that have done nothing where their output is lost; what others did is in their folders."""


class _Terminated(BaseException):
    """A termination. Like KeyboardInterrupt no Exception: whoever expects a broken image would take it for one."""


def run_command(arguments: Sequence[str]) -> int:
    """Run `arguments[0]` with the rest; gives the exit code, that of the work even where nobody can read of it.

    A command's module is imported only when it is the one that was asked for.
    """
    with lossy_streams() as output:
        code = _run_to_end(arguments)
        output.flush()
        return code or _report_loss(output, arguments)


def _run_to_end(arguments: Sequence[str]) -> int:
    as_json, verbose = "--json" in arguments, not {"--verbose", "-v"}.isdisjoint(arguments)
    try:
        with _listening_for_terminations():
            return _run(arguments)
    except _Terminated as signalled:
        return _end(Stopped(f"stopped by a signal ({signalled}).", fix=_HOW_TO_CONTINUE), as_json=as_json)
    except LeaderEnded as ended:
        return ended.exit_code
    except (PodiumError, Stopped) as error:
        return _end(error, as_json=as_json, verbose=verbose, arguments=arguments)
    except KeyboardInterrupt:
        return _end(Interrupted("stopped by Ctrl-C.", fix=_HOW_TO_CONTINUE), as_json=as_json)
    except Exception as fault:
        refusal = name_refusal(fault)
        if refusal is not None:
            return _end(refusal, as_json=as_json, verbose=verbose)
        print_fault(fault, as_json=as_json)
        return 1


def _report_loss(output: LossyStream, arguments: Sequence[str]) -> int:
    """Says why results did not reach standard output; a reader that went away (`podium runs | head`) needs no word."""
    if output.loss is None or isinstance(output.loss, BrokenPipeError):
        return 0
    reason = getattr(output.loss, "strerror", None) or str(output.loss)
    print_error(StorageError(f"the results could not be printed: {reason}.", where="standard output"), as_json=False)
    return int(arguments[0] in _ONLY_PRINT and "--out" not in arguments)


def ignore_stops() -> None:
    """Lets no signal change the exit code of a process whose command has ended; what is left takes milliseconds."""
    for number in (signal.SIGINT, *TERMINATIONS):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _listening_for_terminations() -> Iterator[None]:
    """SIGTERM and SIGHUP as an error, so that they end with their own exit code and workers are taken leave of;
    training, which can stop between two steps, listens for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        raise _Terminated(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in TERMINATIONS if not is_ignored(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_LEADER_S = 10.0
"""Seconds that the others of a team wait for the leader's words: torchrun ends all as soon as one has ended."""


def _end(error: Explained, *, as_json: bool, verbose: bool = False, arguments: Sequence[str] | None = None) -> int:
    place = place_in_team()
    if place is None or place.leads or not isinstance(error, UsageError):  # all of a team are asked for the same
        print_error(error, as_json=as_json, verbose=verbose, arguments=arguments)
    else:
        time.sleep(_LEADER_S)
    return error.exit_code


def _option_first(arguments: Sequence[str]) -> UsageError:
    """The error for an option before the command; with the line to copy, where a command follows."""
    place = next((place for place, word in enumerate(arguments) if word in COMMANDS), None)
    if place is None:
        return UnknownNameError("option", arguments[0], ["--help", "--version"])
    line = shlex.join(["podium", *arguments[place:], *arguments[:place]])
    return UsageError(f"the option {arguments[0]} stands before the command.", fix=f"Write: {line}")


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0]
    if name.startswith("-"):
        raise _option_first(arguments)
    if name not in COMMANDS:
        raise UnknownNameError("command", name, COMMANDS)
    if name != "train" and place_in_team() is not None:
        fix = f"Run podium {name} without it; podium train is what it may start."
        raise UsageError(f"torchrun started several processes of podium {name}, which works alone.", fix=fix)
    from cyclopts import CycloptsError

    from podium.cli.commands import make_app
    from podium.cli.wrong_usage import explain

    if name in RUN_A_NETWORK:
        tune_process()
    _load_own_parts(arguments)
    app = make_app(name)
    if not {"--help", "-h"}.isdisjoint(arguments) and not wants_styles(sys.stdout):
        from rich.console import Console

        app.console = Console(color_system=None)
    try:
        result = app(arguments[1:], exit_on_error=False, print_error=False, help_on_error=False)
    except CycloptsError as problem:
        raise explain(problem, name) from None
    return result if isinstance(result, int) else 0


def _load_own_parts(arguments: Sequence[str]) -> None:
    """The user's losses and metrics, before anything reads a name: those of PODIUM_PARTS, then those of --parts."""
    load_named_parts()
    for place, word in enumerate(arguments):
        option, equals, file = word.partition("=")
        if option != "--parts":
            continue
        file = file if equals else "".join(arguments[place + 1 : place + 2])
        if not file or (not equals and file.startswith("--")):
            raise UsageError("--parts names no file.", fix="Write --parts FILE.py, the file that registers your parts.")
        load_parts(file)
