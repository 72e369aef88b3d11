"""Lays a demo's data set out on the disk: whole, once, and never over other files."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from podium.demo.contest import SAMPLE_SUBMISSION, TEST_ANSWERS, Contest
from podium.demo.glyphs import GLYPHS
from podium.demo.hands import SIGN_DIGITS
from podium.demo.letters import STREWN_LETTERS
from podium.demo.record import DemoData
from podium.durable import (
    LOCK_NAME,
    MANIFEST_NAME,
    check_manifest,
    hold_lock,
    read_json,
    remove_leftovers,
    write_bytes,
    write_json,
    write_manifest,
)
from podium.errors import CorruptFileError, UnknownNameError, UsageError
from podium.listing import count_of

__all__ = ["TASKS", "prepare"]

_MARK = "demo.json"
_N_WRITERS = 8
_FORMAT = 1  # raise it when a data set changes, so that a folder made before is not taken for one of now

TASKS: dict[str, Contest] = {"sign_digits": SIGN_DIGITS, "letters": STREWN_LETTERS, "glyphs": GLYPHS}
"""The data sets: single-label, multi-label, several attributes."""


def prepare(task: str, folder: str | Path, *, seed: int = 0) -> DemoData:
    """A demo's data set as a contest would give it: images, tables, a sample submission, and the answers apart.

    A folder that this made before is used as it is, or mended if files of it are missing or damaged. Nothing is ever
    removed. The same seed gives the same files, byte for byte, with the same versions of Pillow and matplotlib.

    Args:
        task: "sign_digits", "letters" or "glyphs".
        folder: New or empty folder, or one that this made for the same task and seed.
        seed: Decides what is drawn and the names of the test images.

    Raises:
        UnknownNameError: If there is no such task.
        UsageError: If the folder holds anything else.
        LockedError: If another process lays it out right now.
        StorageError: If the disk refuses.
    """
    if task not in TASKS:
        raise UnknownNameError("demo", task, TASKS)
    folder, contest = Path(folder), TASKS[task]
    mark = {"demo": task, "seed": seed, "format": _FORMAT}
    _check_folder(folder, mark)
    with hold_lock(folder):
        if not _is_complete(folder):
            write_json(folder / _MARK, mark)
            files = contest.make_files(seed)
            _write_files(folder, files)
            write_manifest(folder, [_MARK, *files], mark)
    return _describe(task, contest, folder)


def _check_folder(folder: Path, mark: dict[str, object]) -> None:
    """Refuses a folder with files that are not those of this data set."""
    path = folder / _MARK
    if path.is_file():
        found = read_json(path)
        if found != mark:
            raise UsageError(
                f"this folder holds other demo data: {found} instead of {mark}.",
                where=folder,
                fix="Choose another folder.",
            )
        return
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    others = sorted(name for name in names if name != LOCK_NAME and not name.startswith(".podium-"))
    if others:
        raise UsageError(
            f"this folder is not empty: {count_of(len(others), 'entry is', 'entries are')} not from a demo.",
            where=folder,
            fix="Choose a new or empty folder.",
            details=others[:10],
        )


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes every file, after sweeping out what a killed process left unfinished."""
    for place in sorted({(folder / name).parent for name in files}):
        remove_leftovers(place)
    # Each file waits for the disk to confirm it; several that wait at once take a fifth of the time.
    with ThreadPoolExecutor(_N_WRITERS) as pool:
        waiting = [pool.submit(write_bytes, folder / name, content) for name, content in files.items()]
        try:
            for written in waiting:
                written.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _is_complete(folder: Path) -> bool:
    if not (folder / MANIFEST_NAME).is_file():
        return False
    try:
        check_manifest(folder)
    except CorruptFileError:
        return False
    return True


def _describe(task: str, contest: Contest, folder: Path) -> DemoData:
    options = dict(contest.scan_options)
    if "labels" in options:
        options["labels"] = folder / options["labels"]
    return DemoData(
        task=task,
        title=contest.title,
        about=contest.about,
        train_folder=folder / "train",
        test_folder=folder / "test",
        sample_submission=folder / SAMPLE_SUBMISSION,
        answers=folder / TEST_ANSWERS,
        scan_options=options,
    )
