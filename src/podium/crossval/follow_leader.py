"""What the processes of a team do that do not lead: help with each training that the leader tells of."""

from __future__ import annotations

from pathlib import Path

from podium.crossval.train_fold import FoldTrainer
from podium.engine import Team
from podium.errors import DivergedError, Stopped
from podium.machine import Settings, Silent
from podium.stopping import StopRequest
from podium.store import RunFolder, load_tables

__all__ = ["follow_leader"]


def follow_leader(team: Team, settings: Settings, stop: StopRequest) -> Path:
    """Help until the leader is done.

    Args:
        team: The team, which another process leads.
        settings: Device and places of this process; threads are the ones recorded with the run.
        stop: A stop that this process is asked for is one of all.

    Returns:
        The run folder.

    Raises:
        LeaderEnded: If the leader ended otherwise; it has said why.
        PodiumError: If a process was lost.
    """
    trainers: dict[Path, FoldTrainer] = {}
    while "done" not in (told := team.hear()):
        path = Path(told["run"])
        if path not in trainers:
            run = RunFolder(path)
            trainers = {path: FoldTrainer(run, *load_tables(run), settings, Silent(), stop)}
        try:
            trainers[path].help_train(team, told["fold"], told["place"])
        except (Stopped, DivergedError):
            continue  # the leader has come to the same end at the same step, and tells
    return Path(told["done"])
