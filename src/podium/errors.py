"""Every error a user can meet, one tree, each with the exit code its command ends with.

    PodiumError                1   something failed; finished work is kept
    ├── UsageError             2   a wrong option, name or recipe
    │   ├── UnknownNameError   2   a name that does not exist; suggests the nearest one
    │   ├── ArgumentError      2   an argument that does not exist; suggests the nearest one
    │   └── RecipeError        2   a recipe that is wrong, or not the one the run folder was made with
    ├── DataError              3   the data cannot be used as it is
    │   ├── TableError         3   a text table that cannot be read: encoding, delimiter, quotes, rows
    │   ├── SourceError        3   no images, no such column, ids that do not match
    │   ├── LabelError         3   labels, classes or a class-number formula that are wrong
    │   ├── ImageError         3   too many images that cannot be decoded
    │   ├── SplitError         3   folds that cannot be made, or do not belong to these samples
    │   │   └── LeakError      3   folds that share a group, a file or a near duplicate
    │   └── SubmissionError    3   predictions that do not fit the sample submission
    ├── StorageError           1   a folder that cannot be written, a full disk
    │   ├── CorruptFileError   1   a file whose content is not what was written
    │   │   └── TableChangedError 3   a table of samples, folds or predictions that was edited or replaced
    │   └── LockedError        1   another process works in this run folder
    ├── WeightsError           1   a weight file that is missing or does not fit the model
    └── DivergedError          1   the loss is no longer a number

    Stopped                   75   stopped by a signal; resuming the run continues exactly
    └── Interrupted          130   stopped by Ctrl-C; resuming the run continues exactly

A stop is no error: `Stopped` is a BaseException, and `Interrupted` a KeyboardInterrupt, so that an `except Exception`
around a training does not swallow it.

Exit code 0 means done. A message says what is wrong, where, and what to do; `details` lists the cases, such as the bad
rows: a terminal shows the first ten, a file gets all of them. An error about an option carries its name in `field`, and
its texts name options as Python does, between backticks (see `podium.advice`); the command line translates both. Texts
are shortened, for a cell of the data in them may have any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from podium.listing import count_of, shorten
from podium.near_names import nearest_name

__all__ = [
    "ArgumentError",
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
    "TableChangedError",
    "TableError",
    "UnknownNameError",
    "UsageError",
    "WeightsError",
    "nearest_name",
]

_FEW, _LINE = 40, 110
"""Names that a sentence lists; length of the lines that list more."""


LONGEST_TEXT = 1000
"""Characters of a sentence or a detail; more is data."""
LONGEST_PLACE = 5000
"""Characters of a place or a remedy, which hold paths and commands to copy."""


class Explained(BaseException):
    """What happened, where, and what to do about it: the content of every error and of a stop.

    Args:
        what: One line that says what is wrong, with what was got and what was expected.
        where: File, row or recipe it was found in.
        field: Argument or option at fault, by its name in Python, such as "max_bad_fraction".
        fix: What to do, as a sentence or a command.
        details: Further lines, such as the bad rows.
        retry: Options, by their names in Python, that let the same call go through; empty where none is known.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | Path | None = None,
        field: str | None = None,
        fix: str | None = None,
        details: Sequence[str] = (),
        retry: Mapping[str, object] | None = None,
    ) -> None:
        self.what = shorten(what, most=LONGEST_TEXT)
        self.where = None if where is None else shorten(str(where), most=LONGEST_PLACE)
        self.field = field
        self.fix = None if fix is None else shorten(fix, most=LONGEST_PLACE)
        self.details = tuple(shorten(line, most=LONGEST_TEXT) for line in details)
        self.retry = dict(retry or {})
        super().__init__(self.what)

    def __str__(self) -> str:
        place = "".join(f"{part}: " for part in (self.where, self.field) if part)
        remedy = f" {self.fix}" if self.fix else ""
        return f"{place}{self.what}{remedy}"

    def to_dict(self) -> dict[str, object]:
        """The error as JSON-ready data."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "field": self.field,
            "fix": self.fix,
            "details": list(self.details),
            "retry": self.retry,
            "exit_code": self.exit_code,
        }


class PodiumError(Explained, Exception):
    """What went wrong, where, and what to do about it. Its arguments are those of `Explained`."""

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
            error,
            record["what"],
            where=record["where"],
            field=record["field"],
            fix=record["fix"],
            details=tuple(record["details"]),
            retry=record["retry"],
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
        where: File it came from.
        field: Argument or option it was given to.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        where: str | Path | None = None,
        field: str | None = None,
    ) -> None:
        names = sorted(known)
        near = nearest_name(name, names)
        is_few = len(names) <= _FEW
        if near is not None:
            fix = f"Did you mean {near!r}?"
        elif not names:
            fix = "There is none."
        elif is_few:
            fix = f"Known: {', '.join(names)}."
        else:
            fix = f"Of {count_of(len(names), 'known name')} none is near:"
        listed = [f"known: {', '.join(names)}"] if near is not None and len(names) > 1 and is_few else []
        if near is None and not is_few:
            listed = wrap(", ".join(names), _LINE, break_long_words=False, break_on_hyphens=False)
        super().__init__(f"unknown {kind} {name!r}.", where=where, field=field, fix=fix, details=listed)


class ArgumentError(UsageError, TypeError):
    """An argument that does not exist; suggests the nearest one. Also a TypeError, as Python's own."""


class RecipeError(UsageError):
    """A recipe that is wrong, or differs from the one a run folder was made with."""


class DataError(PodiumError):
    """The data cannot be used as it is."""

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


class TableChangedError(CorruptFileError):
    """A table of samples, folds or predictions that was edited after it was written, or is another one."""

    exit_code = 3


class LockedError(StorageError):
    """Another process works in this run folder."""


class WeightsError(PodiumError):
    """A weight file that is missing or does not fit the model."""


class DivergedError(PodiumError):
    """The loss is no longer a finite number."""


class Stopped(Explained):
    """Stopped by a signal with everything on disk; resuming the run continues exactly.

    Like KeyboardInterrupt and SystemExit no Exception: nobody takes a stop for a failure by mistake.
    """

    exit_code = 75


class Interrupted(Stopped, KeyboardInterrupt):
    """Stopped by Ctrl-C with everything on disk; resuming the run continues exactly."""

    exit_code = 130


def _find_class(root: type[PodiumError], name: str) -> type[PodiumError] | None:
    if root.__name__ == name:
        return root
    return next(filter(None, (_find_class(kind, name) for kind in root.__subclasses__())), None)
