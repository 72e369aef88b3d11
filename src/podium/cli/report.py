"""podium report."""

from __future__ import annotations

from pathlib import Path

from podium.cli.console import print_json, print_lines
from podium.cli.flags import Json

__all__ = ["report"]


def report(run: str = "last", *, runs: Path = Path("runs"), json: Json = False) -> int:
    """Write a run's one-page report anew; it opens with no network.

    Example: podium report baseline-1

    Args:
        run: A run's name, folder, or "last".
        runs: Folder of all runs.
    """
    from podium.report import make_report
    from podium.store import find_run

    path = make_report(find_run(runs, run))
    if json:
        print_json({"report": str(path)})
    else:
        print_lines(str(path))
    return 0
