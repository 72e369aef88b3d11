"""What the decode learnt about each image, as columns beside the cached pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.durable import open_regular, write_atomically
from podium.errors import CorruptFileError
from podium.images import ShortageError, Stored

__all__ = ["SHA256_PLACE", "CacheFacts", "facts_record", "facts_records", "read_facts", "write_facts"]

_Text = NDArray[np.object_]
_PROBED = 1000


@dataclass(frozen=True, eq=False)
class CacheFacts:
    """Columns of N images, so that an audit, a leak check or a shift check needs no second decode.

    Attributes:
        outcome: How the decode ended, "ok" or the value of another `Outcome`, shape (N,).
        reason: Why it failed, "" where it did not, shape (N,).
        sha256: SHA-256 of the file, 64 hex digits, shape (N,); "" where the decode failed, as are all texts below.
        phash: 64-bit perceptual hash, uint64 (N,); 0 where the decode failed, as are all numbers below.
        n_bytes: Size of the file, int64 (N,).
        width: Width of the upright image in pixels, int64 (N,).
        height: Height of the upright image in pixels, int64 (N,).
        mode: Pillow's name of the stored pixels, shape (N,).
        format: Name of the file format, shape (N,).
        orientation: EXIF orientation 1 to 8, int64 (N,).
        brightness: Mean luma, 0 to 1, float64 (N,).
        has_alpha: Whether the file declares transparency, bool (N,).
        n_frames: Images in the file, int64 (N,).
        value_low: Smallest value of an image of more than 8 bits, 0 for others, float64 (N,).
        value_high: Largest value, float64 (N,).
        range_low: Value that became black, float64 (N,).
        range_high: Value that became white, float64 (N,).
        crc32: CRC-32 of the cached pixels of the row, uint32 (N,).
    """

    outcome: _Text
    reason: _Text
    sha256: _Text
    phash: NDArray[np.uint64]
    n_bytes: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    mode: _Text
    format: _Text
    orientation: NDArray[np.int64]
    brightness: NDArray[np.float64]
    has_alpha: NDArray[np.bool_]
    n_frames: NDArray[np.int64]
    value_low: NDArray[np.float64]
    value_high: NDArray[np.float64]
    range_low: NDArray[np.float64]
    range_high: NDArray[np.float64]
    crc32: NDArray[np.uint32]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.outcome)


_TYPES: dict[str, Any] = dict.fromkeys(("outcome", "reason", "sha256", "mode", "format"), object) | {
    "phash": np.uint64,
    "n_bytes": np.int64,
    "width": np.int64,
    "height": np.int64,
    "orientation": np.int64,
    "brightness": np.float64,
    "has_alpha": np.bool_,
    "n_frames": np.int64,
    "value_low": np.float64,
    "value_high": np.float64,
    "range_low": np.float64,
    "range_high": np.float64,
    "crc32": np.uint32,
}
SHA256_PLACE = list(_TYPES).index("sha256")
_MISSING = {name: "" if kind is object else kind(0).item() for name, kind in _TYPES.items()}


def facts_record(stored: Stored) -> list[Any]:
    """The facts of one image as JSON-ready values, in the order of the columns."""
    known: dict[str, Any] = {"outcome": stored.outcome.value, "reason": stored.reason, "crc32": stored.crc32}
    return [known[name] if name in known else getattr(stored.facts, name, _MISSING[name]) for name in _TYPES]


def write_facts(path: Path, ids: _Text, records: Sequence[Sequence[Any]]) -> None:
    """Write ids and facts as a Parquet file, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"id": pa.array([_to_utf8(name) for name in ids], pa.binary())}
    for i, (name, kind) in enumerate(_TYPES.items()):
        values = [record[i] for record in records]
        if kind is object:
            columns[name] = pa.array([_to_utf8(value) for value in values], pa.binary())
        else:
            columns[name] = pa.array(np.array(values, dtype=kind))
    with write_atomically(path) as file:
        pq.write_table(pa.table(columns), file, compression="zstd")


def facts_records(facts: CacheFacts) -> list[list[Any]]:
    """All facts as JSON-ready values, row by row, as `facts_record` gives them."""
    return [list(row) for row in zip(*(getattr(facts, name).tolist() for name in _TYPES), strict=True)]


def read_facts(path: Path, sha256: str) -> tuple[_Text, CacheFacts]:
    """Ids, shape (N,), and facts that `write_facts` wrote.

    Args:
        path: The file.
        sha256: SHA-256 that it had when it was written.

    Raises:
        CorruptFileError: If it is not what was written.
        ShortageError: If there is no memory left for it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise CorruptFileError("this file was changed after it was written, or is damaged.", where=path)
        # Without threads: where no thread can be started the error would look like a damaged file.
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
        columns: dict[str, Any] = {
            name: _text_column(table[name]) if kind is object else table[name].to_numpy().astype(kind)
            for name, kind in _TYPES.items()
        }
        return _text_column(table["id"]), CacheFacts(**columns)
    except MemoryError:  # also one of Arrow's exceptions; the file is not to blame
        raise ShortageError("out of memory while reading the cache.", where=path) from None
    except (OSError, KeyError, UnicodeDecodeError, pa.ArrowException) as error:
        raise CorruptFileError(f"the cache cannot be read: {error}.", where=path) from error


# Binary columns, because a reason can hold the raw name of a file that is not UTF-8.
def _to_utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text_column(column: Any) -> _Text:
    column = column.combine_chunks()
    encoded = column.slice(0, _PROBED).dictionary_encode()
    if len(encoded.dictionary) < _PROBED // 2:
        # Few distinct texts: each is decoded and kept once, not a million times.
        encoded = column.dictionary_encode()
        values: _Text = _decode_texts(encoded.dictionary)[encoded.indices.to_numpy()]
    else:
        values = _decode_texts(column)
    values.setflags(write=False)
    return values


def _decode_texts(column: Any) -> _Text:
    values = np.empty(len(column), dtype=object)
    values[:] = [value.decode("utf-8", "surrogatepass") for value in column.to_pylist()]
    return values
