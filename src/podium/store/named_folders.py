"""Folders that hold runs and are named as runs are: a search, a study, what `auto` made."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import UsageError
from podium.store.create_run import check_run_name
from podium.store.run_folder import RunFolder, runs_in

__all__ = ["RECORDS", "FolderOfRuns", "check_free_name", "find_named", "list_folders_of_runs", "next_name"]

RECORDS = {"auto": "auto.json", "search": "search.json", "study": "study.json"}
"""The file that makes a folder one of a kind."""


@dataclass(frozen=True)
class FolderOfRuns:
    """A folder beside the runs that holds runs of its own.

    Args:
        name: Its name.
        kind: A key of `RECORDS`.
        n_runs: Runs in it.
    """

    name: str
    kind: str
    n_runs: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self)


def list_folders_of_runs(root: Path) -> list[FolderOfRuns]:
    """The studies, searches and what `auto` made in a folder of runs, by name."""
    found = [
        FolderOfRuns(path.parent.name, kind, len(runs_in(path.parent)))
        for kind, record in RECORDS.items()
        for path in root.glob(f"*/{record}")
    ]
    return sorted(found, key=lambda one: one.name)


def next_name(root: Path, stem: str, *, goes_on: Callable[[Path], bool] = lambda path: False) -> Path:
    """The first of STEM-1, STEM-2, ... that is not there, or that is to be gone on with.

    Args:
        root: Folder of all runs.
        stem: Start of the name.
        goes_on: Whether a folder that is there is the one to go on with.
    """
    paths = (root / f"{stem}-{number}" for number in count(1))
    return next(path for path in paths if not path.exists() or goes_on(path))


def check_free_name(path: Path, what: str, *, names: Collection[str]) -> None:
    """Raise unless a folder of this name can be made, or was begun and holds nothing else.

    Args:
        path: The folder, in the folder of all runs.
        what: What it would be, such as "a study".
        names: What a start that was stopped may have left in it.

    Raises:
        UsageError: If the name cannot be a folder's, or a run or something else has it.
    """
    check_run_name(path.name)
    fix = "Choose another name."
    if RunFolder(path).run_file.is_file():
        raise UsageError(f"{path.name!r} is a run.", where=path, fix=fix)
    durable.check_claimable(path, what, names=names, fix=fix)


def find_named(root: Path, name: str, record: str, *, what: str, start: str) -> Path:
    """The folder of this name that has such a record.

    Args:
        root: Folder of all runs.
        name: The folder's name.
        record: Name of the file that makes a folder one of its kind.
        what: What it is, such as "study".
        start: The call that makes one.

    Raises:
        UsageError: If there is none; names those that there are.
    """
    path = root / name
    if not (path / record).is_file():
        known = sorted(found.parent.name for found in root.glob(f"*/{record}"))
        there = f"There are {', '.join(known)}." if known else f"Start one with `{start}`."
        raise UsageError(f"there is no {what} {name!r}.", where=root, fix=there)
    return path
