"""podium report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import Console, print_json, print_lines
from podium.cli.flags import MACHINE, RUN, ResultFlags

__all__ = ["report"]


def report(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Write the one-page HTML report of a run again. The page needs no network. Files that were changed, or are older
    than what they were made from, are named on the page and in notes.

    With `--json` the data of all sections are printed too, with image ids in place of images.

    Example: podium report baseline-1

    Args:
        run: A run's name, folder, or "last".
        runs: Folder of all runs.
    """
    from podium.report import describe_run, read_contents, write_page
    from podium.store import find_run

    contents = read_contents(find_run(runs, run))
    path = write_page(contents)
    console = Console()
    for problem in contents.problems:
        console.note(problem)
    if output.json:
        print_json({"report": str(path)} | describe_run(contents).to_dict())
    else:
        print_lines(str(path))
    return 0
