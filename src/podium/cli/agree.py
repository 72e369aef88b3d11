"""podium agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.choices import Metric
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, RUN, ResultFlags, Switch

__all__ = ["agree"]


def agree(
    *on_proxy: Annotated[str, Parameter(group=RUN, name="RUNS")],
    whole: Annotated[tuple[str, ...], Parameter(group=RUN, consume_multiple=True, negative="")],
    metric: Annotated[Metric | None, Parameter(group=RUN)] = None,
    by_order: Annotated[Switch, Parameter(group=RUN)] = False,
    level: Annotated[float, Parameter(group=RUN)] = 0.95,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Compare the order of recipes on a proxy with their order on all images: Kendall's tau with an interval.

    Example: podium agree small-1 small-2 small-3 --whole full-1 full-2 full-3

    Args:
        on_proxy: Runs on a proxy (podium proxy).
        whole: Runs of the same recipes on all images. Several seeds of a recipe are averaged.
        metric: Compare by this metric (default: the primary one of the first run).
        by_order: Match the runs of both sides by their order, not by their recipes.
        level: Confidence level.
        runs: Folder of all runs.
    """
    from podium.workflows.agree import agree as compare_orders

    found = compare_orders(on_proxy, whole, runs=runs, metric=metric, by_order=by_order, level=level)
    if output.json:
        print_json(found.to_dict())
        return 0
    print_lines(*found.lines())
    return 0
