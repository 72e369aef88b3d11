"""What `podium runs` does: all runs with their scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from podium.arguments import strict_arguments

if TYPE_CHECKING:
    from podium.store import RunOrder, RunRow

__all__ = ["list_runs"]


@strict_arguments()
def list_runs(runs: str | Path = "runs", *, sort: RunOrder = "created") -> list[RunRow]:
    """All runs of a folder with score, recipe, time and state, a row each.

    Args:
        runs: Folder of all runs.
        sort: "created", the oldest first; or "score", the best first. Scores of another metric or target cannot be
            compared, so those that most runs have come first, and runs without a score last.

    Raises:
        UnknownNameError: If there is no such order.

    Example:
        best = podium.list_runs(sort="score")[0]
        best.name, best.score
    """
    from podium.store import list_run_rows

    return list_run_rows(Path(runs), sort)
