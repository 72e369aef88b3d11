"""What run.json may hold. People open it, and sync tools merge it; whoever reads a run relies on this check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from podium.errors import CorruptFileError

__all__ = ["MOST_THREADS", "check_record"]

MOST_THREADS = 4096
"""Threads of one process; more than any machine has."""


@dataclass(frozen=True)
class _Field:
    """What a field may be."""

    expected: str
    is_right: Callable[[Any], bool]
    is_required: bool = False


def _is_count(value: Any, *, least: int = 0, most: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_folds(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_count, value)) and len(set(value)) == len(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    """A plain name, which cannot lead out of the folder that it is looked up in."""
    return _is_text(value) and PurePosixPath(value).name == value and not {"\\", "\0"} & set(value) and value != ".."


_TEXT = _Field("a text", _is_text)
_DIGEST = _Field("a digest", lambda value: value is None or _is_text(value))
_SWITCH = _Field("true or false", lambda value: isinstance(value, bool))
_FIELDS: Mapping[str, _Field] = {
    "created": _Field("a time", _is_text, is_required=True),
    "folds": _Field("numbers of folds, such as [0, 1, 2]", _is_folds, is_required=True),
    "number": _Field("a whole number", _is_count),
    "threads": _Field(f"a number from 1 to {MOST_THREADS}", lambda value: _is_count(value, least=1, most=MOST_THREADS)),
    "command": _Field(
        "a command's words",
        lambda value: _is_text(value) or (isinstance(value, list) and all(map(_is_text, value))),
    ),
    "podium": _TEXT,
    "preset": _TEXT,
    "cloud_drive": _SWITCH,
    "reproducible": _SWITCH,
    "autotune": _Field("measured seconds", lambda value: isinstance(value, dict)),
    "parameters": _Field(
        "numbers of parameters", lambda value: isinstance(value, dict) and all(map(_is_count, value.values()))
    ),
    "trackers": _Field("names of trackers", lambda value: isinstance(value, list) and all(map(_is_name, value))),
    "plan": _Field("a plan of epochs", lambda value: isinstance(value, dict)),
    "step": _Field("a step of a plan", lambda value: isinstance(value, dict)),
    "cache": _TEXT,
    "cache_key": _Field("the name of a folder", _is_name),
    "fingerprints_sha256": _DIGEST,
    "files": _Field("digests of files", lambda value: isinstance(value, dict)),
    "samples_digest": _DIGEST,
    "folds_digest": _DIGEST,
}


def check_record(record: Mapping[str, Any], path: Path) -> None:
    """Raise unless every field of a run.json is what Podium writes; fields it does not know are let be.

    Args:
        record: Its content.
        path: The file, to name it.

    Raises:
        CorruptFileError: Names the first field that is missing or wrong, what was got and what is expected.
    """
    for name, field in _FIELDS.items():
        if name not in record:
            if field.is_required:
                raise _wrong(f"the field {name!r} is missing; {field.expected} expected.", path)
        elif not field.is_right(record[name]):
            raise _wrong(f"the field {name!r} is {record[name]!r}; {field.expected} expected.", path)


def _wrong(what: str, path: Path) -> CorruptFileError:
    return CorruptFileError(what, where=path, fix="Restore the file, or move this run's folder elsewhere.")
