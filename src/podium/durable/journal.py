"""An append-only list of records, one JSON object a line, that survives being killed in the middle of a line.

Each line ends with `"_crc"`: the CRC-32 of the line's record, started from the CRC of the line before. So a changed,
missing or moved line is noticed, and the file stays JSON lines for any other reader.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.durable.atomic import encode_json
from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder
from podium.durable.read import decode_json
from podium.durable.regular import open_regular
from podium.errors import CorruptFileError, StorageError

__all__ = ["Journal"]

_CRC_KEY = "_crc"
_CRC_TAIL = re.compile(rb',?"_crc":"([0-9a-f]{8})"\}\Z')


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place between two lines: how far the sound part of the file reaches, and the CRC to go on from."""

    n_records: int = 0
    n_bytes: int = 0
    crc: int = 0


class Journal:
    """The records of a JSON-lines file, oldest first.

    One process appends at a time (hold the run's lock); any number may read meanwhile. Records are JSON objects without
    NaN and without the key "_crc".

    Args:
        path: The file. It need not exist; appending makes it and its folder.
        sync: Whether each append waits for the disk. Without it a power cut can take the newest records, a killed
            process cannot.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     journal = Journal(f"{folder}/journal.jsonl")
        ...     journal.append({"epoch": 0, "f1": 0.5})
        ...     journal.append({"epoch": 1, "f1": 0.7})
        ...     journal.read()
        [{'epoch': 0, 'f1': 0.5}, {'epoch': 1, 'f1': 0.7}]
    """

    def __init__(self, path: str | Path, *, sync: bool = True) -> None:
        self.path = Path(path)
        self.sync = sync
        self._end: _Mark | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record at the end; a torn last line is cut off first.

        Raises:
            StorageError: If the disk refuses; the journal then holds what it held before.
            CorruptFileError: If an earlier line is damaged.
            ValueError: If the record holds NaN or the key "_crc".
        """
        end = self._find_end()
        line, crc = _encode_line(record, end.crc)
        with explaining_failures(self.path, needed=len(line)):
            self._write_at(end.n_bytes, line)
        self._end = _Mark(end.n_records + 1, end.n_bytes + len(line), crc)

    def read(self) -> list[dict[str, Any]]:
        """All whole records; a torn last line is left out, a missing file has none.

        Raises:
            CorruptFileError: If a line is damaged. Names its number.
        """
        records, marks = self._scan()
        self._end = marks[-1]
        return records

    def _find_end(self) -> _Mark:
        # Another Journal of this process may have written to the file since; its size tells.
        size = self.path.stat().st_size if self.path.exists() else 0
        if self._end is None or self._end.n_bytes != size:
            self._end = self._scan()[1][-1]
        return self._end

    def _scan(self) -> tuple[list[dict[str, Any]], list[_Mark]]:
        """The records, and the marks before, between and after them."""
        data = b""
        with explaining_failures(self.path), suppress(FileNotFoundError), open_regular(self.path) as file:
            data = file.read()
        # What follows the last line end is a torn line, or nothing.
        records, marks = [], [_Mark()]
        for number, line in enumerate(data.split(b"\n")[:-1], start=1):
            try:
                record, crc = _decode_line(line, marks[-1].crc)
            except ValueError as error:
                raise CorruptFileError(
                    f"line {number} is damaged: {error}.",
                    where=self.path,
                    fix=f"Restore the file, or keep only its first {number - 1} lines and continue.",
                ) from error
            records.append(record)
            marks.append(_Mark(number, marks[-1].n_bytes + len(line) + 1, crc))
        return records, marks

    def _write_at(self, n_bytes: int, line: bytes) -> None:
        """Cut the file to `n_bytes`, then add `line`; on an error cut it again."""
        backend = current_backend()
        is_new = not self.path.exists()
        make_folder(self.path.parent)
        descriptor = backend.edit(self.path)
        try:
            if os.fstat(descriptor).st_size != n_bytes:
                backend.truncate(descriptor, n_bytes)
            os.lseek(descriptor, n_bytes, os.SEEK_SET)
            _write_all(descriptor, line)
            if self.sync:
                backend.fsync(descriptor)
            if is_new:
                backend.fsync_dir(self.path.parent)
        except (OSError, StorageError):
            # What was written could be a whole line that its caller believes lost, and would append again.
            self._end = None
            with suppress(OSError):
                backend.truncate(descriptor, n_bytes)
            raise
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[current_backend().write(descriptor, view) :]


def _encode_line(record: Mapping[str, Any], previous_crc: int) -> tuple[bytes, int]:
    if _CRC_KEY in record:
        raise ValueError(f"a journal record cannot hold the key {_CRC_KEY!r}")
    body = encode_json(dict(record))
    crc = zlib.crc32(body, previous_crc)
    comma = b"," if record else b""
    return body[:-1] + comma + b'"_crc":"%08x"}\n' % crc, crc


def _decode_line(line: bytes, previous_crc: int) -> tuple[dict[str, Any], int]:
    tail = _CRC_TAIL.search(line)
    if tail is None:
        raise ValueError("it has no checksum at its end")
    body = line[: tail.start()] + b"}"
    crc = zlib.crc32(body, previous_crc)
    if int(tail[1], 16) != crc:
        raise ValueError("its checksum does not match it and the lines before it")
    record = decode_json(body)
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    return record, crc
