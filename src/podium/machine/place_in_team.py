"""Whether torchrun started this process as one of several, and which one it is; needs no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from podium.errors import UsageError

__all__ = ["LeaderEnded", "PlaceInTeam", "place_in_team"]

_NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")


class LeaderEnded(BaseException):
    """The leading process has ended with this code and said why; the others end with the same one, and say nothing."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(f"the leading process ended with {exit_code}")


@dataclass(frozen=True)
class PlaceInTeam:
    """One process of several.

    Args:
        rank: Its number over all machines; 0 leads.
        size: Number of processes over all machines.
        local_rank: Its number on this machine, and that of its GPU.
        local_size: Number of processes on this machine.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int

    @property
    def leads(self) -> bool:
        """Whether it reads the data, writes the run and prints."""
        return self.rank == 0


def place_in_team(environ: Mapping[str, str] | None = None) -> PlaceInTeam | None:
    """What torchrun says in the environment; None where this process is alone.

    Raises:
        UsageError: If what it says is no number.
    """
    said = os.environ if environ is None else environ
    if not {*_NAMES, "MASTER_ADDR", "MASTER_PORT"} <= set(said):
        return None
    if not all(said[name].isdecimal() for name in _NAMES):
        given = " ".join(f"{name}={said[name]}" for name in _NAMES)
        raise UsageError(f"the environment says {given}, expected numbers.", fix="Start podium with torchrun.")
    place = PlaceInTeam(*(int(said[name]) for name in _NAMES))
    return place if place.size > 1 else None
