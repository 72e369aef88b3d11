"""Every error a user can meet, one tree, each with the exit code its command ends with.

    PodiumError                1   something failed; what was earned is still on disk
    ├── UsageError             2   wrong option, name or recipe
    │   ├── UnknownNameError   2   a name that does not exist; says the nearest one
    │   └── RecipeError        2   a recipe that is wrong, or not the one the run folder was made with
    ├── DataError              3   the data cannot be used as they are
    │   ├── TableError         3   a text table that cannot be read: encoding, delimiter, quotes, rows
    │   ├── SourceError        3   no images, no such column, ids that do not match
    │   ├── LabelError         3   labels, classes or a class-number formula that are wrong
    │   ├── ImageError         3   too many images that cannot be decoded
    │   ├── SplitError         3   folds that cannot be made, or do not belong to these samples
    │   │   └── LeakError      3   folds that share a group, a file or a near duplicate
    │   └── SubmissionError    3   predictions that do not fit the sample submission
    ├── StorageError           1   a folder that cannot be written, a full disk
    │   ├── CorruptFileError   1   a file whose content is not what was written
    │   └── LockedError        1   another process works in this run folder
    ├── WeightsError           1   a weight file that is missing or does not fit the model
    ├── DivergedError          1   the loss is no longer a number
    └── Stopped               75   stopped by a signal; the same command with --resume goes on
        └── Interrupted      130   stopped by Ctrl-C; the same command with --resume goes on

Exit code 0 means done. A message says what is wrong, where, and what to do; `details` holds the list behind it,
such as the bad rows; a terminal shows the first ten, and a file takes the whole of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "CorruptFileError",
    "DataError",
    "DivergedError",
    "ImageError",
    "Interrupted",
    "LabelError",
    "LeakError",
    "LockedError",
    "PodiumError",
    "RecipeError",
    "SourceError",
    "SplitError",
    "Stopped",
    "StorageError",
    "SubmissionError",
    "TableError",
    "UnknownNameError",
    "UsageError",
    "WeightsError",
    "nearest_name",
]


class PodiumError(Exception):
    """What went wrong, where, and what to do about it.

    Args:
        what: One line that says what is wrong, with what was got and what was expected.
        where: File, row or option it was found in.
        fix: What to do, as a sentence or a command.
        details: Further lines, such as the bad rows.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str | Path | None = None, fix: str | None = None, details: Sequence[str] = ()
    ) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.fix = fix
        self.details = tuple(details)
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.fix}" if self.fix else ""
        return f"{place}{self.what}{remedy}"

    def to_dict(self) -> dict[str, object]:
        """The error as JSON-ready data, for `--json`."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "fix": self.fix,
            "details": list(self.details),
            "exit_code": self.exit_code,
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> PodiumError:
        """The error that `to_dict` wrote, of the same class; from another process, for example.

        Example:
            >>> PodiumError.from_dict(UsageError("no data named.", fix="Name some.").to_dict())
            UsageError('no data named.')
        """
        kind = _find_class(PodiumError, record["error"]) or PodiumError
        error = kind.__new__(kind)  # some classes make their message from other arguments
        PodiumError.__init__(
            error, record["what"], where=record["where"], fix=record["fix"], details=tuple(record["details"])
        )
        return error


class UsageError(PodiumError):
    """A wrong option, value or combination of them."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that does not exist. The message lists the nearest one, or all where they are few.

    Args:
        kind: What the name should have been, such as "metric".
        name: What was given.
        known: The names that exist.
        where: File or option it came from.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str | Path | None = None) -> None:
        names = sorted(known)
        near = nearest_name(name, names)
        if near is not None:
            fix = f"Did you mean {near!r}?"
        elif not names:
            fix = "There is none."
        elif len(names) <= 40:
            fix = f"Known: {', '.join(names)}."
        else:
            fix = f"{len(names)} are known, none is near."
        listed = [f"known: {', '.join(names)}"] if near is not None and 1 < len(names) <= 40 else []
        super().__init__(f"unknown {kind} {name!r}.", where=where, fix=fix, details=listed)


class RecipeError(UsageError):
    """A recipe that is wrong, or differs from the one a run folder was made with."""


class DataError(PodiumError):
    """The data cannot be used as they are."""

    exit_code = 3


class TableError(DataError):
    """A text table that cannot be read: its encoding, delimiter, quotes or rows are wrong."""


class SourceError(DataError):
    """Images or a table that cannot be read as a data set."""


class LabelError(DataError):
    """Labels or classes that are wrong."""


class ImageError(DataError):
    """Images that cannot be decoded, more than the limit allows."""


class SplitError(DataError):
    """Folds that cannot be made, or that belong to other samples."""


class LeakError(SplitError):
    """Folds that share a group, a file or a near duplicate across train and valid."""


class SubmissionError(DataError):
    """Predictions that do not fit the sample submission."""


class StorageError(PodiumError):
    """A file or folder that cannot be read or written."""


class CorruptFileError(StorageError):
    """A file whose content is not what was written."""


class LockedError(StorageError):
    """Another process works in this run folder."""


class WeightsError(PodiumError):
    """A weight file that is missing or does not fit the model."""


class DivergedError(PodiumError):
    """The loss is no longer a finite number."""


class Stopped(PodiumError):  # noqa: N818 - a request that was honoured, not a fault
    """Stopped by a signal with everything on disk; the same command with --resume goes on."""

    exit_code = 75


class Interrupted(Stopped):
    """Stopped by Ctrl-C with everything on disk; the same command with --resume goes on."""

    exit_code = 130


def _find_class(root: type[PodiumError], name: str) -> type[PodiumError] | None:
    if root.__name__ == name:
        return root
    return next(filter(None, (_find_class(kind, name) for kind in root.__subclasses__())), None)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None when nothing is near.

    Example:
        >>> nearest_name("f1_marco", ["f1_macro", "accuracy"])
        'f1_macro'
    """
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None
