"""podium slices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from podium.cli.choices import Metric
from podium.cli.console import print_json, print_lines
from podium.cli.flags import DATA, MACHINE, RUN, ResultFlags
from podium.columns import align_columns
from podium.listing import list_some
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.metrics import DomainScore
    from podium.workflows.slices import Slices

__all__ = ["slices"]


def slices(
    run: Annotated[str, Parameter(group=RUN)] = "last",
    *,
    by: Annotated[tuple[str, ...], Parameter(group=DATA, consume_multiple=True, negative="")] = ("fold",),
    table: Annotated[Path | None, Parameter(group=DATA)] = None,
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Score every value of a column out of fold, such as every hospital or age, and name the worst. The run's report
    shows it from then on.

    Example: podium slices last --by site --table info.csv

    Args:
        run: A run's name, folder, or "last".
        by: Columns: label, fold, another target, group, domain, bag, source, a column of numbers that labels come from,
            or a column of the table.
        table: A table with a row an image.
        metric: Judge by this metric (default: the run's primary one).
        runs: Folder of all runs.
    """
    from podium.store import find_run
    from podium.workflows.slices import score_slices, show_slices

    folder = find_run(runs, run)
    found = score_slices(folder, by, table=table, metric=metric)
    show_slices(folder, found)
    if output.json:
        print_json({"slices": [one.to_dict() for one in found]})
        return 0
    for one in found:
        _show(one)
    print_lines(f"report   {folder.report_file}")
    return 0


def _show(found: Slices) -> None:
    header = (found.column, f"{metric_words(found.metric)} of {found.target}", "reachable", "n", "groups")
    print_lines(*align_columns(header, [_cells(one) for one in found.scores], left=1))
    ties = [
        one.name for one in found.scores if one.interval.value == found.worst_score.value and one.name != found.worst
    ]
    also = f" (as {list_some(ties)})" if ties else ""
    sure = ", allowing for the choice" if found.worst_score.has_bounds else ", of one group, so without an interval"
    print_lines(f"worst    {found.worst}{also}: {found.worst_score}{sure}", "")


def _cells(one: DomainScore) -> list[str]:
    reachable = "" if one.perfect != one.perfect else f"{one.perfect:.4f}"
    return [one.name, str(one.interval), reachable, f"{one.n:,}", f"{one.interval.n_groups:,}"]
