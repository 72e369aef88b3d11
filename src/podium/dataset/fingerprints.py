"""What tells twins of images, kept with a run: whoever has the run folder can still tell what it was trained on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from podium.data import ImageCache, cached_thumbnails
from podium.durable import read_bytes
from podium.errors import CorruptFileError

__all__ = ["Fingerprints", "encode_fingerprints", "fingerprints_of", "load_fingerprints"]


class Fingerprints(TypedDict):
    """Digests and hashes, shape (N,), and grey thumbnails, shape (N, h, w)."""

    sha256: NDArray[np.object_]
    phash: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]


def fingerprints_of(cache: ImageCache, ids: NDArray[np.object_]) -> Fingerprints:
    """The fingerprints of these images of a cache, in this order."""
    rows = cache.rows_of(ids)
    return {
        "sha256": cache.facts.sha256[rows],
        "phash": cache.facts.phash[rows],
        "thumbnails": cached_thumbnails(cache)[rows],
    }


def encode_fingerprints(fingerprints: Fingerprints) -> bytes:
    """The content of a file that `load_fingerprints` reads."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    small = np.ascontiguousarray(fingerprints["thumbnails"])
    n, height, width = small.shape
    thumbnails = [None, pa.py_buffer(small.tobytes())]
    columns = {
        "sha256": pa.array(fingerprints["sha256"].tolist(), pa.string()),
        "phash": pa.array(fingerprints["phash"]),
        "thumbnail": pa.FixedSizeBinaryArray.from_buffers(pa.binary(height * width), n, thumbnails),
    }
    table = pa.table(columns).replace_schema_metadata({"height": str(height), "width": str(width)})
    encoded = pa.BufferOutputStream()
    pq.write_table(table, encoded, compression="zstd")
    return bytes(encoded.getvalue().to_pybytes())


def load_fingerprints(path: Path, sha256: str) -> Fingerprints:
    """The fingerprints in a file.

    Args:
        path: The file.
        sha256: The file's SHA-256 when it was written.

    Raises:
        StorageError: If it cannot be read.
        CorruptFileError: If it is not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = read_bytes(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CorruptFileError("this file was changed after it was written, or is damaged.", where=path)
    table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    size = [int(table.schema.metadata[name]) for name in (b"height", b"width")]
    thumbnails = b"".join(table["thumbnail"].to_pylist())
    return {
        "sha256": np.array(table["sha256"].to_pylist(), dtype=object),
        "phash": table["phash"].to_numpy().astype(np.uint64),
        "thumbnails": np.frombuffer(thumbnails, dtype=np.uint8).reshape(len(table), *size),
    }
