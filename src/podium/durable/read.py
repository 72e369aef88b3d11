"""Reading back: files that are missing or damaged are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from podium.durable.failures import explain_failure
from podium.durable.regular import open_regular
from podium.errors import CorruptFileError, StorageError

__all__ = ["decode_json", "read_bytes", "read_json"]


def read_bytes(path: str | Path) -> bytes:
    """The content of a file.

    Raises:
        StorageError: If there is no such file or it cannot be read. Names it.
    """
    try:
        with open_regular(path) as file:
            return file.read()
    except FileNotFoundError as error:
        raise StorageError("there is no such file.", where=path) from error
    except OSError as error:
        raise explain_failure(error, path) from error


def read_json(path: str | Path) -> Any:
    """The value of a JSON file; a byte order mark at its start is ignored.

    Raises:
        StorageError: If there is no such file or it cannot be read.
        CorruptFileError: If it is not JSON in UTF-8, or holds NaN. Names the file and the place.
    """
    try:
        return decode_json(read_bytes(path))
    except ValueError as error:
        raise CorruptFileError(
            f"this is not valid JSON: {error}.", where=path, fix="Restore the file or remove it and run again."
        ) from error


def decode_json(data: bytes) -> Any:
    """The value of JSON in UTF-8; ValueError (with the place, where known) when it is damaged."""
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")
