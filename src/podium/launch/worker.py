"""What every process that `run_processes` starts does around its work: tied to its parent, heard line by line."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from podium.errors import PodiumError, Stopped
from podium.launch.tether import tie_to_parent
from podium.machine.progress import Caution, Update
from podium.machine.refusals import name_refusal
from podium.machine.settings import Settings
from podium.machine.streams import lossy_streams
from podium.machine.tuning import tune_process
from podium.own_parts import load_named_parts

__all__ = ["FAULT", "Reporter", "pack_settings", "run_worker"]

FAULT = 70
"""Exit code after an error that is a fault of Podium's own; its traceback is on standard error."""

Work = Callable[[Mapping[str, Any], Settings, "Reporter"], None]


def pack_settings(settings: Settings) -> dict[str, Any]:
    """Settings of one process, JSON-ready, for the "settings" of a request."""
    places = {"runs": str(settings.runs.resolve()), "cache": str(settings.cache_folder.resolve())}
    return vars(settings) | places


class Reporter:
    """Progress as messages to the parent, which shows what is worth it.

    Args:
        stream: Where the parent reads.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the parent."""
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Update]:
        """Nothing: the parent looks at what is done."""
        yield lambda _done: None

    def note(self, line: str) -> None:
        """A note for the parent to show."""
        self.send({"note": line, "is_caution": isinstance(line, Caution)})


def run_worker(work: Work) -> int:
    """Do what the first argument of the command asks for; gives the exit code.

    Args:
        work: Is given the request, its settings and where to report. It imports what is heavy, so that nothing slow
            happens before the process is tied to its parent.
    """
    tie_to_parent()
    tune_process()
    # What a library prints to standard output must not be taken for a message.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        os.dup2(2, 1)
        with lossy_streams():
            return _answer(work, json.loads(sys.argv[1]), Reporter(stream))


def _answer(work: Work, request: Mapping[str, Any], reporter: Reporter) -> int:
    try:
        load_named_parts()
        given = request["settings"]
        settings = Settings(**given | {"runs": Path(given["runs"]), "cache": Path(given["cache"])})
        work(request, settings, reporter)
    except Stopped as stop:
        return stop.exit_code
    except Exception as problem:
        error = problem if isinstance(problem, PodiumError) else name_refusal(problem)
        if error is None:
            traceback.print_exc()
            return FAULT
        reporter.send({"error": error.to_dict()})
        return error.exit_code
    return 0
