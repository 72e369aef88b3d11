"""A new run folder: claimed under a lock, filled, and made a run by the file that is written last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call, option
from podium.errors import LockedError, StorageError, UsageError
from podium.store.edits import digest_kept
from podium.store.run_folder import FORMAT, TABLE_FILES, RunFolder, number_of, runs_in

__all__ = ["check_run_name", "create_run"]

_FIRST_FILES = ("recipe.yaml", "environment.json", "fingerprints.parquet", "backbone", "ensemble.json", *TABLE_FILES)
LONGEST_NAME = 100
"""Bytes of a run's name; a file system takes 255, and names of files are made from it."""


def create_run(
    root: Path,
    name: str | None,
    record: Mapping[str, Any],
    *,
    stem: str = "run",
    fill: Callable[[RunFolder], None] = lambda run: None,
) -> RunFolder:
    """Make a new run folder; an existing one is never overwritten, also by a process that starts at the same moment.

    Args:
        root: Folder of all runs.
        name: Its name; None counts on from `stem`: baseline-1, baseline-2.
        record: What was asked for, JSON-ready.
        stem: Start of an automatic name.
        fill: Writes the other files of the new run, before run.json makes it one: a start that is killed leaves no
            half of a run behind that could neither be resumed nor started again.

    Raises:
        UsageError: If a run of that name exists, or a folder with anything else in it.
        LockedError: If another process is making it.
        StorageError: If the folder cannot be written.
    """
    with _claim_folder(root, name, stem) as run:
        durable.check_writable(run.path)
        fill(run)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        number = 1 + max((number_of(other) for other in runs_in(root)), default=0)
        head = {"format": FORMAT, "podium": version("podium"), "created": created, "number": number}
        durable.write_json(run.run_file, head | dict(record) | {"files": digest_kept(run.path)})
    return run


def check_run_name(name: str) -> None:
    """Raise unless this can name a run: a plain folder name, not hidden, and not the word for the latest run.

    Raises:
        UsageError: If it cannot.
    """
    is_plain = name == name.strip() and name.isprintable() and not {"/", "\\"} & set(name)
    if not is_plain or name[:1] in {"", ".", "-"} or name == "last" or len(name.encode()) > LONGEST_NAME:
        fix = f"Use letters, digits, '-' and '_', at most {LONGEST_NAME} bytes; not 'last'."
        raise UsageError(f"{name!r} cannot name a run.", field="name", fix=fix)


@contextmanager
def _claim_folder(root: Path, name: str | None, stem: str) -> Iterator[RunFolder]:
    """A folder that holds no run, locked; a new one is gone again if the block fails."""
    names = [name] if name is not None else (f"{stem}-{n}" for n in count(1))
    for candidate in names:
        check_run_name(candidate)
        run = RunFolder(root / candidate)
        is_new = not run.path.exists()
        if name is None and not is_new:
            continue
        if not run.run_file.exists():  # before the lock leaves a file in somebody's folder
            fix = f"Choose another {option('name')}, or another folder of runs with {option('runs')}."
            marks = (run.run_file.name,)  # another process may just have written it
            durable.check_claimable(run.path, "a run", marks=marks, names=_FIRST_FILES, fix=fix)
        with ExitStack() as stack:
            try:
                stack.enter_context(durable.hold_lock(run.path))
            except LockedError:
                if name is None:  # another process took this name between the two lines above
                    continue
                raise
            if not run.run_file.exists():
                if is_new:
                    stack.enter_context(_removed_on_failure(run))
                yield run
                return
        if name is not None:
            fix = f"Continue it with {call('podium.resume', name)}, or choose another {option('name')}."
            raise UsageError(f"run {name!r} exists.", where=run.path, fix=fix)


@contextmanager
def _removed_on_failure(run: RunFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:  # Ctrl-C too
        with suppress(StorageError):
            durable.remove_tree(run.path)
        raise
