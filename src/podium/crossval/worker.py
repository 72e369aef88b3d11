"""One process of several that train runs: `python -m podium.crossval.worker REQUEST`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podium.launch.worker import Reporter, pack_settings, run_worker
from podium.machine.settings import Settings

__all__ = ["make_request"]

_LOOK_AGAIN_S = 0.5


def make_request(runs: Sequence[Path], settings: Settings, only_folds: list[int]) -> dict[str, Any]:
    """What a worker is asked to do, JSON-ready.

    Args:
        runs: The run folders; one alone is waited for until it is done.
        settings: Machine and places, for one process.
        only_folds: Folds to train; empty trains all that the run was asked for.
    """
    return {"runs": [str(run.resolve()) for run in runs], "only_folds": only_folds, "settings": pack_settings(settings)}


def _train(request: Mapping[str, Any], settings: Settings, reporter: Reporter) -> None:
    from podium.crossval.carry_on import carry_on
    from podium.crossval.training_task import count_models, make_tasks
    from podium.store import RunFolder

    runs, only = [RunFolder(Path(run)) for run in request["runs"]], request["only_folds"]
    if len(runs) == 1:
        carry_on(runs[0], settings, reporter, only_folds=only)
        return
    tasks = [task for run in runs for task in make_tasks(run, settings, only, count_models(run))]
    while tasks := [task for task in tasks if not task.is_done]:
        found = [task.take() for task in tasks]
        for done in filter(None, found):
            reporter.send(done)
        if not any(found):  # other processes have all that are left
            time.sleep(_LOOK_AGAIN_S)


if __name__ == "__main__":
    sys.exit(run_worker(_train))
