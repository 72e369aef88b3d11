"""Fingerprints of a run come back exactly, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from podium.dataset.fingerprints import Fingerprints, encode_fingerprints, load_fingerprints
from podium.errors import CorruptFileError, StorageError

RNG = np.random.default_rng(0)
N = 5
GIVEN: Fingerprints = {
    "sha256": np.array([f"{row:064x}" for row in range(N)], dtype=object),
    "phash": np.array([0, 1, 2**63, 2**64 - 1, 5], dtype=np.uint64),
    "thumbnails": RNG.integers(0, 256, (N, 16, 16), dtype=np.uint8),
}


def test_they_come_back_exactly(tmp_path: Path) -> None:
    data = encode_fingerprints(GIVEN)
    (tmp_path / "f.parquet").write_bytes(data)
    found = load_fingerprints(tmp_path / "f.parquet", hashlib.sha256(data).hexdigest())
    for name, values in GIVEN.items():
        assert found[name].dtype == values.dtype  # type: ignore[literal-required, attr-defined]
        assert np.array_equal(found[name], values)  # type: ignore[literal-required, arg-type]


def test_any_change_is_noticed(tmp_path: Path) -> None:
    data, path = encode_fingerprints(GIVEN), tmp_path / "f.parquet"
    sha256 = hashlib.sha256(data).hexdigest()
    with pytest.raises(StorageError):
        load_fingerprints(path, sha256)
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(CorruptFileError):
            load_fingerprints(path, sha256)
