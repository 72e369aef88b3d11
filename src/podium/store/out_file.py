"""Which file a submission may be written to: none that Podium did not write, and none of a run but its submissions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from podium import durable
from podium.advice import options
from podium.errors import StorageError, UsageError
from podium.store.run_folder import RunFolder

__all__ = ["check_list_file", "check_out_file"]


def check_out_file(path: Path, runs: Collection[RunFolder], *, overwrite: bool = False) -> None:
    """Raise unless a submission may be written to `path`; nothing is changed.

    A file that is there is replaced only where the log of a run knows it, by its digest: that of one of `runs` or of a
    run beside them.

    Args:
        path: The file.
        runs: Runs whose submission it is; may be empty.
        overwrite: Replace also a file that no log knows.

    Raises:
        UsageError: If the file is one that must not be replaced, is a link, a pipe, a device or a folder, or stands
            below a file.
        StorageError: If it cannot be read.
    """
    _refuse_files_of_runs(path, runs)
    _refuse_no_file(path)
    if overwrite or not path.exists() or durable.sha256_file(path) in set(_digests(runs)):
        return
    raise UsageError(
        "this file exists, and Podium did not write it, or it was changed since.",
        where=path,
        fix=f"Write to another file, or replace it with {options(overwrite=True)}.",
    )


def check_list_file(path: Path, is_own: Callable[[Path], bool]) -> None:
    """Raise UsageError where a list would replace a file that Podium did not write, or that a person reviewed.

    Args:
        path: The file.
        is_own: Whether a file that exists is an older list of the same kind.
    """
    check_out_file(path, [], overwrite=True)
    if path.exists() and not is_own(path):
        raise UsageError(
            "this file exists, and may hold what somebody wrote or reviewed.", where=path, fix="Write to another file."
        )


def _refuse_files_of_runs(path: Path, runs: Collection[RunFolder]) -> None:
    place = path.parent.resolve() / path.name
    home = next((folder for folder in place.parents if RunFolder(folder).run_file.exists()), None)
    if home is None:
        return
    is_own = home in {run.path.resolve() for run in runs}
    if is_own and place.parent == home and place.suffix == ".csv" and place.stem.startswith("submission"):
        return
    raise UsageError(
        "this is a place inside a run folder, whose files are the run's own.",
        where=path,
        fix="Leave the option out to write submission.csv in the run folder, or write to a file elsewhere.",
    )


def _refuse_no_file(path: Path) -> None:
    """Refuse what is there and is no file. A wrong choice, and no failure of the disk."""
    in_the_way = next((folder for folder in path.parents if folder.exists()), path.parent)
    if not in_the_way.is_dir():
        raise UsageError("this is a file, not a folder.", where=in_the_way, fix="Write to another place.")
    try:
        durable.check_regular(path)
    except StorageError as error:
        if not path.is_symlink() and (path.is_file() or not path.exists()):
            raise
        raise UsageError(error.what, where=error.where, fix="Write to another file.") from error


def _digests(runs: Collection[RunFolder]) -> Iterator[str]:
    for folder in {run.path.parent for run in runs}:
        for log in folder.glob("*/submissions.jsonl"):
            try:
                yield from (str(line.get("sha256")) for line in durable.Journal(log).read())
            except StorageError:
                continue  # a damaged log knows nothing; appending to it says so
