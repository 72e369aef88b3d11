"""A run in the hands of a Python user: its scores, its predictions, its report, its export."""

from __future__ import annotations

from pathlib import Path

from podium.arguments import strict_arguments
from podium.machine import Settings
from podium.store import find_run
from podium.workflows.judged_run import JudgedRun
from podium.workflows.predicting_run import PredictingRun
from podium.workflows.shipping_run import ShippingRun

__all__ = ["Run", "load_run"]


class Run(PredictingRun, JudgedRun, ShippingRun):
    """One run folder, read when asked.

    Args:
        folder: The run folder.
        settings: Machine and places for further work with it.
    """


@strict_arguments()
def load_run(run: str = "last", *, runs: str | Path = "runs") -> Run:
    """A run by name, folder or "last".

    Args:
        run: The run's name, folder, or "last".
        runs: Folder of all runs.

    Raises:
        UsageError: If there is none.
    """
    folder = find_run(Path(runs), run)
    return Run(folder, Settings(runs=folder.path.parent))
