"""podium runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, OUTPUT, ResultFlags
from podium.errors import CorruptFileError, StorageError, UsageError

if TYPE_CHECKING:
    from podium.store import RunFolder

__all__ = ["runs"]


def runs(
    *,
    diff: Annotated[tuple[str, ...], Parameter(group=OUTPUT, consume_multiple=True, negative="")] = (),
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """List runs with their scores, or show how the recipes of two runs differ.

    Example: podium runs --diff baseline-1 finetune-1

    Args:
        diff: Two runs whose recipes to compare.
        runs: Folder of all runs.
    """
    from podium.store import find_run, list_runs

    if diff:
        if len(diff) != 2:
            raise UsageError(f"--diff compares two runs, got {len(diff)}.")
        return _show_difference(find_run(runs, diff[0]), find_run(runs, diff[1]), as_json=output.json)
    rows = [_describe_or_excuse(run) for run in list_runs(runs)]
    if output.json:
        print_json({"runs": rows})
        return 0
    if not rows:
        print_lines(f"no runs in {runs}", "next     podium train FOLDER")
        return 0
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print_lines(f"{row['name']:<{width}}  {row['created'][:16]:<16}  {row['text']}")
    return 0


def _describe_or_excuse(run: RunFolder) -> dict[str, Any]:
    """A run's row; one damaged run does not hide the others."""
    try:
        return _describe(run)
    except (StorageError, KeyError, TypeError, AttributeError, ValueError) as problem:
        text = f"cannot be read: {problem}" if isinstance(problem, StorageError) else "cannot be read: a damaged file"
        return {"name": run.name, "created": "", "folds": [], "score": None, "text": text}


def _describe(run: RunFolder) -> dict[str, Any]:
    from podium import durable
    from podium.store import check_scores

    record = run.read()
    row: dict[str, Any] = {"name": run.name, "created": record["created"], "folds": record["folds"], "score": None}
    if not run.is_finished:
        return row | {"text": f"not finished; podium train --resume {run.name}"}
    try:
        check_scores(run)
    except UsageError:
        return row | {"text": f"scores are older than its predictions; podium train --resume {run.name}"}
    scores = durable.read_json(run.scores_file)
    target, metric = scores["main_target"], scores["main_metric"]
    interval = scores["targets"][target]["metrics"][metric]
    bounds = "" if interval["low"] is None else f" [{interval['low']:.4f}, {interval['high']:.4f}]"
    chance = scores["targets"][target].get("chance", {}).get(metric)
    beside = "" if chance is None else f" (chance {chance:.4f})"
    text = f"{metric} {interval['value']:.4f}{bounds}{beside} of {target}, {len(record['folds'])} folds"
    return row | {"score": interval, "chance": chance, "metric": metric, "target": target, "text": text}


def _show_difference(first: RunFolder, second: RunFolder, *, as_json: bool) -> int:
    from podium.store import list_differences

    old, new = (_read_recipe(run) for run in (first, second))
    lines = list_differences(old, new)
    if as_json:
        print_json({"runs": [first.name, second.name], "differences": lines})
    else:
        print_lines(*(lines or ["the recipes are the same"]))
    return 0


def _read_recipe(run: RunFolder) -> Any:
    """A run's recipe as it stands, also one of another version."""
    import yaml

    from podium import durable
    from podium.store import read_plain_yaml

    try:
        return read_plain_yaml(durable.read_bytes(run.recipe_file))
    except yaml.YAMLError:
        raise CorruptFileError("this recipe cannot be read.", where=run.recipe_file, fix="Restore the file.") from None
