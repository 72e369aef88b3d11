"""podium leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.choices import LeaderboardAction
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, RUN, ResultFlags
from podium.columns import align_columns
from podium.errors import UsageError

__all__ = ["leaderboard"]


def leaderboard(
    action: Annotated[LeaderboardAction, Parameter(group=RUN)] = "list",
    score: Annotated[float | None, Parameter(group=RUN)] = None,
    *,
    rank: Annotated[int | None, Parameter(group=RUN)] = None,
    private: Annotated[bool, Parameter(group=RUN, negative="")] = False,
    run: Annotated[str | None, Parameter(group=RUN)] = None,
    submission: Annotated[str | None, Parameter(group=RUN)] = None,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """List submissions with what was expected of each and what the leaderboard gave; note a new score with add.

    Example: podium leaderboard add 0.9312 --rank 14

    Args:
        action: What to do: list prints all submissions; add notes the score of one first.
        score: With add: the score on the leaderboard.
        rank: With add: the place among all teams.
        private: With add: the score is of the private part, which is shown when a contest ends.
        run: With add: the run whose last submission got the score (default: the last submission of all).
        submission: With add: start of the submission's digest, as the list shows it, instead of --run.
        out: File for the plot of cross-validation against the leaderboard, .png or .svg.
        runs: Folder of all runs.
    """
    from podium.workflows.leaderboard import CELLS, cells_of
    from podium.workflows.leaderboard import leaderboard as look

    if (action == "add") != (score is not None):
        raise UsageError("add takes a score, and list takes none.", fix="Write podium leaderboard add 0.93.")
    found = look(score, runs=runs, rank=rank, private=private, run=run, submission=submission)
    if out is not None:
        found.save(out)
    if output.json:
        print_json(found.to_dict() | {"written": None if out is None else str(out)})
        return 0
    if found.rows:
        print_lines(*align_columns(CELLS, [list(cells_of(row)) for row in found.rows], left=3))
        print_lines("", found.words())
    print_lines(f"advice   {found.advice}")
    if out is not None:
        print_lines(f"plot     {out}")
    return 0
