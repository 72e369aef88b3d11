"""podium track."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, RUN, Many, ResultFlags

__all__ = ["track"]


def track(
    run: Annotated[str, Parameter(group=RUN)],
    *,
    to: Annotated[tuple[str, ...], Many, Parameter(group=RUN)] = (),
    wait: Annotated[float, Parameter(group=RUN)] = 600.0,
    runs: Annotated[Path, Parameter(group=MACHINE)] = Path("runs"),
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Tell TensorBoard, Weights & Biases or MLflow all of a run that they do not have yet, and wait until it is told.

    Example: podium track last --to mlflow

    Args:
        run: A run's name, folder, or "last".
        to: Trackers: tensorboard, wandb, mlflow, or one of yours (default: those the run was trained with).
        wait: Seconds to wait for all of them.
        runs: Folder of all runs.
    """
    from podium.store import find_run
    from podium.workflows.track import track_run

    folder = find_run(runs, run)
    told = track_run(folder, to, wait_s=wait)
    if output.json:
        print_json({"run": folder.name, "folder": str(folder.path / "trackers"), "trackers": told})
    else:
        print_lines(*(f"{name:<12} {words}" for name, words in told.items()))
        print_lines(f"folder       {folder.path / 'trackers'}")
    return 0 if set(told.values()) == {"told"} else 1
