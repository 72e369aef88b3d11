"""The folder of one `auto`: audit, data, search, trainings, answer, submission, page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError, UsageError
from podium.machine import Progress
from podium.searches.folder import SearchFolder
from podium.store import RunFolder, list_runs
from podium.store.named_folders import RECORDS, check_free_name, find_named, next_name

__all__ = ["AutoFolder", "AutoRecord", "find_auto", "name_auto"]
LONG = "long"
"""Start of the names of runs that the training after the search makes."""


@dataclass(frozen=True)
class AutoRecord:
    """auto.json.

    Args:
        minutes: Minutes for all of it.
        asked: What the call said, to tell whether the same call is made again.
        arguments: What a resume needs of it, JSON-ready.
        search_minutes: Minutes of the search, once they are known.
        train_minutes: Minutes of the training after it, once they are known.
        notes: What happened on the way, a sentence each.
    """

    minutes: float
    asked: Mapping[str, Any]
    arguments: Mapping[str, Any]
    search_minutes: float | None = None
    train_minutes: float | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> AutoRecord:
        """What `AutoFolder.write` wrote.

        Raises:
            CorruptFileError: If it is something else.
        """
        record = durable.read_json(path)
        try:
            return cls(**{**record, "notes": tuple(record["notes"])})
        except (KeyError, TypeError) as problem:
            raise CorruptFileError(f"this is no record of auto ({problem}).", where=path, fix="Restore it.") from None


@dataclass(frozen=True)
class AutoFolder:
    """Paths of one `auto`; it is a folder of runs."""

    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    @property
    def record_file(self) -> Path:
        """What was asked and planned."""
        return self.path / RECORDS["auto"]

    @property
    def result_file(self) -> Path:
        """What came out; there once all is done."""
        return self.path / "result.json"

    @property
    def page_file(self) -> Path:
        """All of it as a page."""
        return self.path / "auto.html"

    @property
    def audit_folder(self) -> Path:
        """The audit."""
        return self.path / "audit"

    @property
    def data_folder(self) -> Path:
        """The prepared data, with the untouched groups as holdout."""
        return self.path / "data"

    @property
    def submission_file(self) -> Path:
        """The submission."""
        return self.path / "submission.csv"

    @property
    def search(self) -> SearchFolder:
        """The search."""
        return SearchFolder(self.path / "search")

    @property
    def clock(self) -> SearchFolder:
        """Whose clock it goes by."""
        return SearchFolder(self.path)

    @property
    def answer(self) -> RunFolder:
        """The ensemble, where there is one."""
        return RunFolder(self.path / "answer")

    def trainings(self) -> list[RunFolder]:
        """Runs of the training after the search, and what was mixed of them."""
        return [run for run in list_runs(self.path) if run.name.startswith(LONG)]

    def read(self) -> AutoRecord:
        """What was asked and planned."""
        return AutoRecord.read(self.record_file)

    def write(self, record: AutoRecord) -> None:
        """Keep what was asked and planned."""
        durable.write_json(self.record_file, record.__dict__ | {"notes": list(record.notes)})

    def note(self, line: str, progress: Progress) -> None:
        """Say what happened, and keep the sentence, once."""
        record = self.read()
        if line not in record.notes:
            self.write(replace(record, notes=(*record.notes, line)))
        progress.note(line)


def name_auto(root: Path, name: str | None, asked: Mapping[str, Any]) -> AutoFolder:
    """The folder: of this name; else one that was asked the same and is not finished; else a new one.

    Raises:
        UsageError: If the name cannot be a folder's, or something else has it.
    """
    if name is None:

        def goes_on(path: Path) -> bool:
            found = AutoFolder(path)
            is_same = found.record_file.is_file() and found.read().asked == asked
            return is_same and not found.result_file.is_file()

        return AutoFolder(next_name(root, "auto", goes_on=goes_on))
    found = AutoFolder(root / name)
    if not found.record_file.is_file():
        check_free_name(found.path, "what auto made", names=("data", "audit", "search", "claims", "clock.json"))
    elif found.read().asked != asked and (found.data_folder / "prepared.json").is_file():
        raise UsageError(
            f"{name!r} was asked something else.", where=found.path, fix="Choose another name, or go on with it."
        )
    return found


def find_auto(root: Path, name: str) -> AutoFolder:
    """One that exists, by name.

    Raises:
        UsageError: If there is none.
    """
    return AutoFolder(find_named(root, name, RECORDS["auto"], what="auto", start="podium.auto"))
