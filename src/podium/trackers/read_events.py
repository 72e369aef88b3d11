"""TensorBoard's event files, of whatever program, as one table of scalars."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from podium.arguments import strict_arguments
from podium.errors import CorruptFileError, SourceError
from podium.machine.extras import import_extra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "read_events"]

COLUMNS = ("run", "tag", "step", "wall_time", "value")
_FILE = "*.tfevents.*"
_MASK = 0xA282EAD8
_START = 1
"""Status of a session log: a writer starts at this step, what it wrote from there on before is void."""


@strict_arguments()
def read_events(folder: str | Path) -> pd.DataFrame:
    """The scalars of all TensorBoard event files in a folder and below it, in the order they were written.

    Scalars of TensorFlow 1, TensorFlow 2, torch, JAX and Keras are read alike; pictures, histograms and texts are left
    out. Steps that a resumed training wrote again are there once where its writer said where it started
    (`purge_step`), as TensorBoard shows them. A file that is still being written is read as far as it goes.

    Args:
        folder: The folder that TensorBoard is given, or one event file.

    Returns:
        Columns `run` (the subfolder, "." for the folder itself), `tag`, `step`, `wall_time` (seconds since 1970) and
        `value`.

    Raises:
        SourceError: If there is no such folder, or no event file in it.
        CorruptFileError: If a file is damaged, or is no event file; says where.
        UsageError: If the extra `tensorboard` is not installed.

    Example:
        table = podium.read_events("runs/baseline-1/trackers/tensorboard")
        table.pivot_table(index="step", columns=["run", "tag"], values="value")
    """
    import pandas as pd

    root = Path(folder)
    rows: list[tuple[str, str, int, float, float]] = []
    for run, files in _files_by_run(root).items():
        rows += [(run, *row) for row in _scalars_of(files)]
    kinds = {"run": "str", "tag": "str", "step": "int64", "wall_time": "float64", "value": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)


def _files_by_run(root: Path) -> dict[str, list[Path]]:
    if root.is_file():
        return {".": [root]}
    if not root.is_dir():
        raise SourceError("there is no such folder.", where=root, fix="Name the folder that TensorBoard shows.")
    found: dict[str, list[Path]] = {}
    for path in sorted(root.rglob(_FILE), key=lambda path: (path.parent, _made_at(path), path.name)):
        if path.is_file():
            found.setdefault(path.parent.relative_to(root).as_posix(), []).append(path)
    if not found:
        fix = "Name the folder that TensorBoard shows: its files are called events.out.tfevents.NUMBER...."
        raise SourceError("there are no event files in this folder or below it.", where=root, fix=fix)
    return found


def _made_at(path: Path) -> int:
    """The second that a file's name says it was made in."""
    found = re.search(r"tfevents\.(\d+)", path.name)
    return int(found[1]) if found else 0


@dataclass
class _Scalars:
    """Scalars of one run, tag by tag; which tags hold scalars is said once for each tag."""

    rows: list[tuple[str, int, float, float]] = field(default_factory=list)
    plugins: dict[str, str] = field(default_factory=dict)

    def add(self, event: Any) -> None:
        """Take up one event."""
        if event.HasField("session_log") and event.session_log.status == _START:
            self.rows = [row for row in self.rows if row[1] < event.step]
        for value in event.summary.value:
            plugin = value.metadata.plugin_data.plugin_name
            if plugin:
                self.plugins.setdefault(value.tag, plugin)
            number = self._number(value)
            if number is not None:
                self.rows.append((value.tag, event.step, event.wall_time, number))

    def _number(self, value: Any) -> float | None:
        if value.HasField("simple_value"):
            return float(value.simple_value)
        if not value.HasField("tensor") or self.plugins.get(value.tag) != "scalars":
            return None
        array = import_extra("tensorboard.util.tensor_util", "tensorboard").make_ndarray(value.tensor)
        return float(array.item()) if array.size == 1 else None


def _scalars_of(files: Iterable[Path]) -> list[tuple[str, int, float, float]]:
    make_event = import_extra("tensorboard.compat.proto.event_pb2", "tensorboard").Event
    found = _Scalars()
    for path in files:
        with path.open("rb") as file:
            for place, record in _records(file, path):
                try:
                    event = make_event.FromString(record)
                except Exception as problem:  # protobuf has several, by its implementation
                    raise _damaged(path, place) from problem
                found.add(event)
    return found.rows


def _records(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    """The records of a TFRecord file, with their places; a record without its end is still being written.

    Checksums of contents are left to protobuf, which refuses what is no event: a checksum in Python would take a
    hundred times as long as all the rest.
    """
    place = 0
    while len(head := file.read(12)) == 12:
        length, checksum = struct.unpack("<QI", head)
        if _masked_crc32c(head[:8]) != checksum:
            raise _damaged(path, place)
        record, tail = file.read(length), file.read(4)
        if len(record) < length or len(tail) < 4:
            return
        yield place, record
        place += 12 + length + 4


def _damaged(path: Path, place: int) -> CorruptFileError:
    what = f"the record at byte {place:,} is damaged." if place else "this is no event file of TensorBoard's."
    return CorruptFileError(what, where=path, fix="Restore the file, or move it out of the folder.")


def _masked_crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_TABLE = [_crc_of(byte) for byte in range(256)]
"""CRC-32C (Castagnoli) of every byte."""
