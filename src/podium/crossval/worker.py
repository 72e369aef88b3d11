"""One process of several that train a run: `python -m podium.crossval.worker REQUEST`, started by `carry_on`.

It imports nothing heavy before its life is tied to its parent's.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from podium.errors import PodiumError, Stopped
from podium.launch import tie_to_parent
from podium.machine import Caution
from podium.machine.progress import Update
from podium.machine.refusals import name_refusal
from podium.machine.settings import Settings
from podium.machine.streams import lossy_streams
from podium.machine.tuning import tune_process
from podium.own_parts import load_named_parts

__all__ = ["FAULT", "Reporter", "main", "make_request"]

FAULT = 70
"""Exit code after an error that is a fault of Podium's own; its traceback is on standard error."""


def make_request(run: Path, settings: Settings, only_folds: list[int]) -> dict[str, Any]:
    """What a worker is asked to do, JSON-ready.

    Args:
        run: The run folder.
        settings: Machine and places, for one process.
        only_folds: Folds to train; empty trains all that the run was asked for.
    """
    places = {"runs": str(settings.runs.resolve()), "cache": str(settings.cache_folder.resolve())}
    return {"run": str(run.resolve()), "only_folds": only_folds, "settings": vars(settings) | places}


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


def main() -> int:
    """Do what the first argument asks for; gives the exit code."""
    tie_to_parent()
    tune_process()
    # What a library prints to standard output must not be taken for a message.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        os.dup2(2, 1)
        with lossy_streams():
            return _answer(json.loads(sys.argv[1]), Reporter(stream))


def _answer(request: Mapping[str, Any], reporter: Reporter) -> int:
    try:
        _train(request, reporter)
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


def _train(request: Mapping[str, Any], reporter: Reporter) -> None:
    from podium.crossval.carry_on import carry_on
    from podium.store import RunFolder

    load_named_parts()
    given = request["settings"]
    settings = Settings(**given | {"runs": Path(given["runs"]), "cache": Path(given["cache"])})
    carry_on(RunFolder(Path(request["run"])), settings, reporter, only_folds=request["only_folds"])


if __name__ == "__main__":
    sys.exit(main())
