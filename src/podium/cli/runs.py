"""podium runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from podium.cli.choices import RunOrder
from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, ResultFlags
from podium.cli.spelling import respell
from podium.cli.verdicts import signed
from podium.columns import align_columns
from podium.errors import CorruptFileError, PodiumError, UsageError
from podium.metric_words import metric_words

if TYPE_CHECKING:
    from podium.metrics import TargetComparison
    from podium.store import RunFolder, RunRow

__all__ = ["runs"]

_HEADER = ("run", "score", "interval", "chance", "metric", "recipe", "training min", "created (UTC)", "state")
_FOLDERS = ("folder", "kind", "runs", "to list them")


def runs(
    *,
    diff: Annotated[tuple[str, ...], Parameter(group=OUTPUT, consume_multiple=True, negative="")] = (),
    sort: Annotated[RunOrder, Parameter(group=OUTPUT)] = "created",
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """List runs with their scores, and the studies and searches that hold runs of their own; or show how the recipes
    and scores of two runs differ.

    Example: podium runs --sort score

    Args:
        diff: Two runs whose recipes to compare, and whose main scores on the images that both were judged on: the
            second against the first, with an interval.
        sort: Order: created, the oldest first, or score, the best first. Scores of another metric or target cannot be
            compared: those that most runs have come first, and runs without a score last.
        runs: Folder of all runs.
    """
    from podium.store import find_run, list_run_rows
    from podium.store.named_folders import list_folders_of_runs

    if diff:
        if len(diff) != 2:
            raise UsageError(f"--diff compares two runs, got {len(diff)}.")
        return _show_difference(find_run(runs, diff[0]), find_run(runs, diff[1]), as_json=output.json)
    rows, folders = list_run_rows(runs, sort), list_folders_of_runs(runs)
    if output.json:
        print_json({"runs": [row.to_dict() for row in rows], "folders": [one.to_dict() for one in folders]})
    elif rows:
        print_lines(*align_columns(_HEADER, [_cells(row) for row in rows], left=len(_HEADER)))
        if sort == "score" and len({(row.metric, row.target) for row in rows if row.metric}) > 1:
            print_lines("", "The best first for each metric and target; scores of different ones cannot be compared.")
    elif not folders:
        print_lines(f"no runs in {runs}", "next     podium train FOLDER")
    if folders and not output.json:
        told = [(one.name, one.kind, f"{one.n_runs}", _look_into(runs / one.name)) for one in folders]
        print_lines(*([""] if rows else []), *align_columns(_FOLDERS, told, left=len(_FOLDERS)))
    return 0


def _look_into(folder: Path) -> str:
    return shlex.join(["podium", "runs", "--runs", str(folder)])


def _cells(row: RunRow) -> tuple[str, ...]:
    """A row of the table; what is not known is a dash."""
    score, bounds = "-", ""
    if row.score is not None:
        score = f"{row.score.value:.4f}"
        bounds = f"[{row.score.low:.4f}, {row.score.high:.4f}]" if row.score.has_bounds else ""
    chance = "" if row.chance is None else f"{row.chance:.4f}"
    metric = f"{metric_words(row.metric)} of {row.target}" if row.metric else ""
    recipe = " ".join(filter(None, (row.preset, row.model)))
    minutes = f"{row.seconds / 60:.1f}" if row.seconds else ""
    cells = (score, bounds, chance, metric, recipe, minutes, row.created[:16].replace("T", " "), respell(row.state))
    return (row.name, *(cell or "-" for cell in cells))


def _show_difference(first: RunFolder, second: RunFolder, *, as_json: bool) -> int:
    from podium.store import list_differences

    old, new = (_read_recipe(run) for run in (first, second))
    lines, found = list_differences(old, new), None
    try:
        found = _compare(first, second)
    except PodiumError as problem:  # of recipes that can be compared
        lines = [*lines, f"The scores cannot be compared: {problem}"]
    if as_json:
        score = None if found is None else {"metric": found.metric} | found.arms[0].to_dict()
        print_json({"runs": [first.name, second.name], "differences": lines, "score": score})
        return 0
    print_lines(*(lines or ["the recipes are the same"]))
    if found is not None:
        words = f"{signed(found.arms[0].difference)}, {found.arms[0].verdict}"
        print_lines("", f"{second.name} against {first.name}, on the same images: {metric_words(found.metric)} {words}")
    return 0


def _compare(first: RunFolder, second: RunFolder) -> TargetComparison | None:
    """The paired difference of the main scores; None where a run has none, or their tasks differ."""
    from podium.workflows.compare import are_comparable, compare_folders

    return compare_folders([[first], [second]]).main if are_comparable(first, second) else None


def _read_recipe(run: RunFolder) -> Any:
    """A run's recipe as it stands, also one of another version."""
    import yaml

    from podium import durable
    from podium.store import read_plain_yaml

    try:
        return read_plain_yaml(durable.read_bytes(run.recipe_file))
    except yaml.YAMLError:
        raise CorruptFileError("this recipe cannot be read.", where=run.recipe_file, fix="Restore the file.") from None
