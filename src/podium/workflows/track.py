"""What `podium track` does: trackers told of a run whose training is over, or that lost one on the way."""

from __future__ import annotations

from collections.abc import Iterable

from podium.advice import option
from podium.errors import UsageError
from podium.store import RunFolder, refuse_ensemble
from podium.trackers.follow import tell
from podium.trackers.registry import NONE, read_names
from podium.trackers.remember import remember_trackers, remembered_trackers

__all__ = ["track_run"]


def track_run(run: RunFolder, to: str | Iterable[str] | None = None, *, wait_s: float = 600.0) -> dict[str, str]:
    """Tell trackers everything of a run that they do not have yet.

    Args:
        run: The run folder.
        to: Names of trackers; None takes those that the run was trained with.
        wait_s: Seconds to wait for all of them.

    Returns:
        What became of each: "told", or why it was not.

    Raises:
        UsageError: If no tracker is named and the run knows none.
    """
    refuse_ensemble(run, "A tracker")
    names = [name for name in read_names(to) if name != NONE] or list(remembered_trackers(run))
    if not names:
        fix = f"Name one with {option('to')}: tensorboard, wandb or mlflow."
        raise UsageError("this run was trained without trackers.", where=run.path, fix=fix)
    remember_trackers(run, names)
    return tell(names, run, wait_s=wait_s)
