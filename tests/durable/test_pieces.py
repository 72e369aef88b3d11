"""Every changed byte of an array in a file is found, and in its piece."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.durable import pieces

SHAPE = (40, 7, 3)


@pytest.fixture
def rows(tmp_path: Path) -> np.ndarray:
    array = durable.create_mapped(tmp_path / "rows", SHAPE, np.uint16)
    array[:] = np.random.default_rng(0).integers(0, 2**16, SHAPE)
    durable.sync_mapped(array)
    return array


@pytest.mark.parametrize("n_at_once", [1, 3, 1000])
def test_a_changed_byte_is_found_in_its_piece(
    rows: np.ndarray, n_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_AT_ONCE_BYTES", n_at_once * rows[0].nbytes)
    crc32 = [zlib.crc32(row.tobytes()) for row in rows]
    assert durable.find_damaged_pieces(rows, range(40), crc32).tolist() == []
    for row in (0, 17, 39):
        rows[row, 6, 2] ^= 256
    assert durable.find_damaged_pieces(rows, range(40), crc32).tolist() == [0, 17, 39]
    assert durable.find_damaged_pieces(rows, [39, 5, 17], [crc32[39], crc32[5], crc32[17]]).tolist() == [0, 2]
    assert durable.find_damaged_pieces(rows, [], []).tolist() == []


def test_a_file_is_known_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert not durable.is_known_sound(path)
    durable.remember_sound(path)
    assert not durable.is_known_sound(path), "it changed just now, and might again without another time"
    monkeypatch.setattr(pieces, "SETTLED_NS", -1)
    durable.remember_sound(path)
    assert durable.is_known_sound(path)
    times = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not durable.is_known_sound(path)
