"""One process of several at work on a search: `python -m podium.searches.worker REQUEST`."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.crossval.worker import FAULT, Reporter
from podium.errors import PodiumError, Stopped
from podium.launch import tie_to_parent
from podium.machine.refusals import name_refusal
from podium.machine.settings import Settings
from podium.machine.streams import lossy_streams
from podium.machine.tuning import tune_process
from podium.own_parts import load_named_parts

__all__ = ["main", "search_request"]


def search_request(folder: Path, settings: Settings) -> dict[str, Any]:
    """What a worker is asked to do, JSON-ready."""
    places = {"runs": str(settings.runs.resolve()), "cache": str(settings.cache_folder.resolve())}
    return {"search": str(folder.resolve()), "settings": vars(settings) | places}


def main() -> int:
    """Do what the first argument asks for; gives the exit code."""
    tie_to_parent()
    tune_process()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        os.dup2(2, 1)  # what a library prints must not be taken for a message
        with lossy_streams():
            return _answer(json.loads(sys.argv[1]), Reporter(stream))


def _answer(request: Mapping[str, Any], reporter: Reporter) -> int:
    try:
        _work(request, reporter)
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


def _work(request: Mapping[str, Any], reporter: Reporter) -> None:
    from podium.searches.folder import SearchFolder
    from podium.searches.trials import run_trials

    load_named_parts()
    given = request["settings"]
    settings = Settings(**given | {"runs": Path(given["runs"]), "cache": Path(given["cache"])})
    run_trials(SearchFolder(Path(request["search"])), settings, reporter)


if __name__ == "__main__":
    sys.exit(main())
