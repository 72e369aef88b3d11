"""Small JSON files with their own SHA-256 inside, so that a flipped bit is noticed and not believed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.durable.atomic import encode_json, encode_json_file, write_json
from podium.durable.read import read_bytes, read_json
from podium.errors import CorruptFileError

__all__ = ["SEAL", "read_sealed", "sealed_bytes", "write_sealed"]

SEAL = "sha256"
"""The key under which a file keeps its digest; whoever reads it as plain JSON leaves this one out."""


def write_sealed(path: str | Path, record: Mapping[str, Any]) -> None:
    """Write a JSON object with its SHA-256 under the key "sha256", whole or not at all. Raises like `write_json`.

    Args:
        path: The file.
        record: JSON-ready, without a key "sha256".
    """
    write_json(path, {**record, SEAL: _digest(record)})


def sealed_bytes(record: Mapping[str, Any]) -> bytes:
    """What `write_sealed` writes, for a file that is written as one of several."""
    return encode_json_file({**record, SEAL: _digest(record)})


def read_sealed(path: str | Path) -> dict[str, Any]:
    """The object that `write_sealed` wrote, without its SHA-256.

    Raises:
        StorageError: If there is no such file or it cannot be read.
        CorruptFileError: If it is not byte by byte what was written.
    """
    record = read_json(path)
    # Compared as bytes too: JSON forgives a changed blank or a lost line end, a seal does not.
    is_whole = isinstance(record, dict) and encode_json_file(record) == read_bytes(path)
    if not is_whole or record.pop(SEAL, None) != _digest(record):
        raise CorruptFileError("this file was changed after it was written, or is damaged.", where=path)
    return dict(record)


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(encode_json(dict(record))).hexdigest()
