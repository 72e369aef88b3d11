"""Everything that was submitted from a folder of runs, and the answers of each submission, to compare the next with."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError, StorageError
from podium.store.run_folder import RunFolder, list_runs

__all__ = ["Answers", "LoggedSubmission", "keep_answers", "read_answers", "read_submissions"]

Answers = dict[str, tuple[str, ...]]
"""Per image, its answer to each target."""


@dataclass(frozen=True)
class LoggedSubmission:
    """One submission that was written.

    Args:
        runs: Folders of the runs whose mean it is, mostly one.
        at: When, in UTC as ISO 8601.
        path: Where the file was written.
        sha256: Its digest.
        n_rows: Its images.
        histogram: Rows per class of every target.
        gate: What was known of it, see `podium.submission.SubmissionGate`; empty in lines of earlier versions.
        rules: The rules that decided it; None in such lines.
    """

    runs: tuple[RunFolder, ...]
    at: str
    path: str
    sha256: str
    n_rows: int
    histogram: Mapping[str, Mapping[str, int]]
    gate: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The names of its runs."""
        return ", ".join(run.name for run in self.runs)


def read_submissions(root: Path, *, besides: Sequence[RunFolder] = ()) -> list[LoggedSubmission]:
    """All submissions from a folder of runs, the oldest first. A log that is damaged counts as none.

    Args:
        root: Folder of all runs.
        besides: Runs elsewhere.
    """
    found: dict[tuple[str, str], LoggedSubmission] = {}
    folders = {run.path.resolve(): run for run in (*list_runs(root), *besides)}
    for run in folders.values():
        with suppress(StorageError):
            for line in durable.Journal(run.submissions_file).read():
                one = _of_line(run, line)
                key = (one.at, one.sha256)
                before = found.get(key)
                found[key] = one if before is None or run in before.runs else _joined(before, run)
    return sorted(found.values(), key=lambda one: one.at)


def _of_line(run: RunFolder, line: Mapping[str, Any]) -> LoggedSubmission:
    try:
        return LoggedSubmission(
            (run,),
            str(line["at"]),
            str(line["path"]),
            str(line["sha256"]),
            int(line["n_rows"]),
            line["histogram"],
            line.get("gate") or {},
            line.get("decided_by"),
        )
    except (KeyError, TypeError, ValueError):
        raise CorruptFileError("this is no log of submissions.", where=run.submissions_file) from None


def _joined(one: LoggedSubmission, run: RunFolder) -> LoggedSubmission:
    return LoggedSubmission(**vars(one) | {"runs": (*one.runs, run)})


def keep_answers(run: RunFolder, sha256: str, ids: Sequence[str], answers: Mapping[str, Sequence[str]]) -> None:
    """Write the answers of a submission beside the run's other files: image, then its answer to each target."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", *answers])
    writer.writerows(zip(ids, *answers.values(), strict=True))
    data = buffer.getvalue().encode("utf-8", errors="surrogateescape")
    durable.write_bytes(run.answers_file(sha256), gzip.compress(data, 6, mtime=0))


def read_answers(run: RunFolder, sha256: str) -> Answers | None:
    """The answers of a submission by image; None where they were not kept, or cannot be read."""
    path = run.answers_file(sha256)
    if not path.is_file():
        return None
    try:
        text = gzip.decompress(durable.read_bytes(path)).decode("utf-8", errors="surrogateescape")
    except (OSError, EOFError, StorageError):
        return None
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    return {row[0]: tuple(row[1:]) for row in rows}
